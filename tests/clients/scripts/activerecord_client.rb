# ActiveRecord itself: one line of JSON a step, as the other scripts print it.
require "active_record"
require "json"

$stdout.sync = true

def show(name, value) = puts(JSON.generate([name, value]))

def told(error)
  cause = error.cause
  state = cause.respond_to?(:result) ? cause.result&.error_field(PG::Result::PG_DIAG_SQLSTATE) : nil
  [error.class.name, state, error.message]
end

def step(name)
  show(name, yield)
rescue StandardError => error
  show(name, { error: told(error) })
end

# Host, port, user, password, TLS and the CA come from PGHOST and its like, which libpq reads itself.
ActiveRecord::Base.establish_connection(adapter: "postgresql", database: ENV.fetch("PGDATABASE"), pool: 2)

class Customer < ActiveRecord::Base
  self.table_name = "customer"
  has_many :items
end

class Item < ActiveRecord::Base
  self.table_name = "item"
  belongs_to :customer, optional: true
end

def connection = ActiveRecord::Base.connection

def work
  step("select_all") { connection.select_all("select 1 as one, 'ünï' as text").to_a }
  step("binds") do
    id = ActiveRecord::Relation::QueryAttribute.new("id", 1, ActiveRecord::Type::Integer.new)
    connection.exec_query("select sku from item where id = $1", "by id", [id]).to_a
  end
  step("exec_update") { connection.update("update item set price = 5 where sku = 'pan'") }
  step("unique violation") { connection.execute("insert into item (sku) values ('pan')").to_a }
  step("syntax error") { connection.execute("selec 1").to_a }
  step("transaction, savepoint, rollback") do
    seen = []
    ActiveRecord::Base.transaction do
      connection.execute("insert into customer (email) values ('eve@example.com')")
      ActiveRecord::Base.transaction(requires_new: true) do
        connection.execute("insert into customer (email) values ('mallory@example.com')")
        raise ActiveRecord::Rollback
      end
      seen << connection.select_values("select email from customer order by id")
      raise ActiveRecord::Rollback
    end
    seen << connection.select_values("select email from customer order by id")
  end
  step("isolation") do
    ActiveRecord::Base.transaction(isolation: :repeatable_read) { connection.select_value("show transaction_isolation") }
  end
  step("reset!") { connection.reset!; connection.select_value("select 1") }
  step("reconnect!") { connection.reconnect!; connection.select_value("select 1") }
  step("active?") { connection.active? }
  step("tables") { connection.tables.sort }
  step("columns") { connection.columns("item").map { |column| [column.name, column.sql_type, column.null] } }
  step("primary key") { connection.primary_key("item") }
  step("indexes") { connection.indexes("item").map { |index| [index.name, index.columns] } }
  step("foreign keys") { connection.foreign_keys("item").map { |key| [key.column, key.to_table] } }
  step("enums") { connection.enum_types }
  step("create, find, update, destroy") do
    cup = Item.create!(sku: "cup", price: "3.10", tags: ["a", 'b"c'], data: { a: [1] }, feeling: "ok")
    found = Item.find(cup.id)
    found.update!(price: found.price + 1)
    seen = Item.where(sku: "cup").pluck(:price, :tags, :data, :feeling)
    found.destroy!
    seen.map { |row| row.map(&:to_s) }
  end
  step("joins and includes") { Customer.includes(:items).order(:id).map { |each| [each.email, each.items.map(&:sku)] } }
  step("upsert_all") { Item.upsert_all([{ sku: "pan", price: 3 }], unique_by: :sku).to_a.size }
  step("lock") { Item.transaction { Item.lock.find_by!(sku: "pan").sku } }
  step("batches") { Item.find_each(batch_size: 1).map(&:sku).sort }
end

if ARGV == ["life"]
  ask = -> { connection.select_value("select 1") }
  step("asked", &ask)
  show("ready", nil)
  $stdin.gets
  step("ended", &ask)
  step("again", &ask)
else
  work
end
