import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.StringReader;
import java.io.StringWriter;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

/** JDBC: one line of JSON a step, as the other scripts print it. Run from its source: java -cp postgresql.jar JdbcClient.java MODE. */
public class JdbcClient {
  interface Act {
    Object run() throws Exception;
  }

  static Connection connection;

  static String env(String name) {
    String value = System.getenv(name);
    return value == null ? "" : value;
  }

  static Connection connect() throws SQLException {
    Properties more = new Properties();
    more.setProperty("user", env("PGUSER"));
    more.setProperty("password", env("PGPASSWORD"));
    more.setProperty("sslmode", env("PGSSLMODE"));
    if (!env("PGSSLROOTCERT").isEmpty()) more.setProperty("sslrootcert", env("PGSSLROOTCERT"));
    return DriverManager.getConnection(
        "jdbc:postgresql://" + env("PGHOST") + ":" + env("PGPORT") + "/" + env("PGDATABASE"), more);
  }

  static String quote(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      if (c == '"' || c == '\\') out.append('\\').append(c);
      else if (c < ' ') out.append(String.format("\\u%04x", (int) c));
      else out.append(c);
    }
    return out.append('"').toString();
  }

  static String json(Object value) {
    if (value == null) return "null";
    if (value instanceof List<?> list) {
      List<String> parts = new ArrayList<>();
      for (Object each : list) parts.add(json(each));
      return "[" + String.join(",", parts) + "]";
    }
    if (value instanceof Number || value instanceof Boolean) return value.toString();
    if (value instanceof byte[] bytes) return quote(java.util.HexFormat.of().formatHex(bytes));
    return quote(value.toString());
  }

  static void step(String name, Act act) {
    Object value;
    try {
      value = act.run();
    } catch (SQLException error) {
      List<Object> told = new ArrayList<>(List.of("error", String.valueOf(error.getSQLState())));
      for (Throwable cause = error; cause != null; cause = cause.getCause()) told.add(cause.getMessage());
      value = told;
    } catch (Exception error) {
      value = List.of("error", error.toString());
    }
    System.out.println("[" + quote(name) + "," + json(value) + "]");
    System.out.flush();
  }

  static List<Object> rows(ResultSet result) throws SQLException {
    ResultSetMetaData about = result.getMetaData();
    List<Object> all = new ArrayList<>();
    while (result.next()) {
      List<Object> row = new ArrayList<>();
      for (int at = 1; at <= about.getColumnCount(); at += 1)
        row.add(String.valueOf(plain(result.getObject(at))));
      all.add(row);
    }
    return all;
  }

  static Object plain(Object value) {
    return value instanceof byte[] bytes ? java.util.HexFormat.of().formatHex(bytes) : value;
  }

  static List<Object> query(String text, Object... values) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(text)) {
      for (int at = 0; at < values.length; at += 1) statement.setObject(at + 1, values[at]);
      return rows(statement.executeQuery());
    }
  }

  static List<Object> metadata(ResultSet result, String... columns) throws SQLException {
    List<Object> all = new ArrayList<>();
    while (result.next()) {
      List<Object> row = new ArrayList<>();
      for (String column : columns) row.add(String.valueOf(result.getObject(column)));
      all.add(row);
    }
    return all;
  }

  static void work() throws Exception {
    connection = connect();
    step("simple", () -> query("select 1 as one, 'ünï' as text"));
    step("parameters", () -> query("select ?::int + 1, ?::text, ?::numeric", 1, "a'b", new java.math.BigDecimal("1.50")));
    step("all types", () -> query("select * from item order by id"));
    // The driver looks up whether an integer column counts by itself.
    step("types of columns", () -> {
      try (Statement statement = connection.createStatement()) {
        ResultSetMetaData about = statement.executeQuery("select * from item").getMetaData();
        List<Object> all = new ArrayList<>();
        for (int at = 1; at <= about.getColumnCount(); at += 1)
          all.add(List.of(about.getColumnTypeName(at), about.getTableName(at), about.isNullable(at)));
        return all;
      }
    });
    step("an array parameter", () -> query("select sku from item where id = any (?) order by id",
        connection.createArrayOf("int4", new Object[] {1, 2})));
    step("prepared on the server", () -> {
      List<Object> all = new ArrayList<>();
      // The driver names a statement after five uses.
      try (PreparedStatement statement = connection.prepareStatement("select sku from item where id = ?")) {
        for (int time = 0; time < 8; time += 1) {
          statement.setInt(1, 1 + time % 2);
          all.add(rows(statement.executeQuery()));
        }
      }
      return all;
    });
    step("generated keys", () -> {
      try (PreparedStatement statement =
          connection.prepareStatement("insert into item (sku, price) values (?, ?)", Statement.RETURN_GENERATED_KEYS)) {
        statement.setString(1, "cup");
        statement.setBigDecimal(2, new java.math.BigDecimal("3.10"));
        return List.of(statement.executeUpdate(), rows(statement.getGeneratedKeys()).size());
      }
    });
    step("batch", () -> {
      try (PreparedStatement statement = connection.prepareStatement("update item set price = ? where sku = ?")) {
        for (int time = 1; time <= 3; time += 1) {
          statement.setInt(1, time);
          statement.setString(2, "cup");
          statement.addBatch();
        }
        List<Object> counts = new ArrayList<>();
        for (int count : statement.executeBatch()) counts.add(count);
        return counts;
      }
    });
    step("transaction, savepoint, rollback", () -> {
      List<Object> all = new ArrayList<>();
      connection.setAutoCommit(false);
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      try (Statement statement = connection.createStatement()) {
        all.add(statement.executeUpdate("insert into customer (email) values ('eve@example.com')"));
        Savepoint one = connection.setSavepoint("one");
        try {
          statement.executeUpdate("insert into customer (email) values ('eve@example.com')");
        } catch (SQLException error) {
          all.add(error.getSQLState());
        }
        connection.rollback(one);
        all.add(query("select email from customer order by id"));
        connection.rollback();
        all.add(query("select email from customer order by id"));
        connection.commit();
      } finally {
        connection.setAutoCommit(true);
      }
      return all;
    });
    step("a cursor by fetch size", () -> {
      connection.setAutoCommit(false);
      try (Statement statement = connection.createStatement()) {
        statement.setFetchSize(1);
        return rows(statement.executeQuery("select id, sku from item order by id"));
      } finally {
        connection.commit();
        connection.setAutoCommit(true);
      }
    });
    step("read-only", () -> {
      connection.setReadOnly(true);
      List<Object> found = query("show transaction_read_only");
      connection.setReadOnly(false);
      return found;
    });
    step("copy in and out", () -> {
      CopyManager copying = connection.unwrap(PGConnection.class).getCopyAPI();
      long count = copying.copyIn("copy customer (email) from stdin", new StringReader("x@example.com\ny@example.com\n"));
      StringWriter out = new StringWriter();
      copying.copyOut("copy (select email from customer order by email) to stdout", out);
      return List.of(count, out.toString());
    });
    step("several statements", () -> {
      try (Statement statement = connection.createStatement()) {
        List<Object> all = new ArrayList<>();
        boolean isResult = statement.execute("select 1 as a; select 2 as b");
        while (isResult) {
          all.add(rows(statement.getResultSet()));
          isResult = statement.getMoreResults();
        }
        return all;
      }
    });
    step("unique violation", () -> query("insert into item (sku) values ('pan') returning id"));
    step("syntax error", () -> query("selec 1"));
    step("unknown column", () -> query("select colour from item"));
    step("division by zero", () -> query("select 1 / ?", 0));
    step("query timeout", () -> {
      try (Statement statement = connection.createStatement()) {
        statement.setQueryTimeout(1);
        return rows(statement.executeQuery("select count(*) from generate_series(1, 1000000000)"));
      }
    });
    step("after a cancel", () -> query("select 1 as one"));
    step("is valid", () -> List.of(connection.isValid(5), connection.getSchema(), connection.getCatalog()));
    step("delete", () -> query("delete from item where sku = 'cup' returning sku"));
    DatabaseMetaData about = connection.getMetaData();
    step("getTables", () -> metadata(about.getTables(null, "public", "%", new String[] {"TABLE"}), "TABLE_NAME"));
    step("getColumns", () -> metadata(about.getColumns(null, "public", "item", "%"), "COLUMN_NAME", "TYPE_NAME", "IS_NULLABLE"));
    step("getPrimaryKeys", () -> metadata(about.getPrimaryKeys(null, "public", "item"), "COLUMN_NAME", "PK_NAME"));
    step("getImportedKeys", () -> metadata(about.getImportedKeys(null, "public", "item"), "FKCOLUMN_NAME", "PKTABLE_NAME"));
    step("getIndexInfo", () -> metadata(about.getIndexInfo(null, "public", "item", false, false), "INDEX_NAME", "COLUMN_NAME"));
    step("getTypeInfo", () -> metadata(about.getTypeInfo(), "TYPE_NAME").contains(List.of("int4")));
  }

  static Object ask() throws SQLException {
    if (connection == null || connection.isClosed()) connection = connect();
    return query("select 1 as one");
  }

  public static void main(String[] mode) throws Exception {
    if (!mode[0].equals("life")) {
      work();
      return;
    }
    step("asked", JdbcClient::ask);
    step("ready", () -> null);
    new BufferedReader(new InputStreamReader(System.in)).readLine();
    step("ended", JdbcClient::ask);
    step("again", JdbcClient::ask);
  }
}
