/**
 * How a language writes the messages with which PostgreSQL logs statements: what stands before the parts that the server
 * fills in. The facts are those of src/backend/po/*.po of PostgreSQL 15 and 17 (the messages of tcop/postgres.c).
 */
export interface LogWords {
  /** Before a statement of the simple query protocol. */
  readonly statement: string;
  /** Before the name of a prepared statement that is executed. */
  readonly execute: string;
  /** Before the name of a portal that more rows are fetched from; left out: as in English. */
  readonly fetch?: string;
  /** Before and after the milliseconds that stand before a statement. */
  readonly timedStatement: readonly [before: string, after: string];
  /** The same before an execution; left out: as before a statement. */
  readonly timedExecute?: readonly [before: string, after: string];
  /** The same where nothing follows. */
  readonly timed: readonly [before: string, after: string];
  /** In the detail, before the statement that prepared what is executed. */
  readonly prepare: string;
}

export const english: LogWords = {
  statement: "statement: ",
  execute: "execute ",
  fetch: "execute fetch from ",
  timedStatement: ["duration: ", " ms  statement: "],
  timedExecute: ["duration: ", " ms  "],
  timed: ["duration: ", " ms"],
  prepare: "prepare: ",
};

/** Every language that PostgreSQL 13 to 18 come with. */
export const languages: readonly LogWords[] = [
  english,
  // German
  {
    statement: "Anweisung: ",
    execute: "Ausführen ",
    fetch: "Ausführen Fetch von ",
    timedStatement: ["Dauer: ", " ms  Anweisung: "],
    timedExecute: ["Dauer: ", " ms  "],
    timed: ["Dauer: ", " ms"],
    prepare: "Vorbereiten: ",
  },
  // Spanish
  {
    statement: "sentencia: ",
    execute: "ejecutar ",
    fetch: "ejecutar fetch desde ",
    timedStatement: ["duración: ", " ms  sentencia: "],
    timedExecute: ["duración: ", " ms  "],
    timed: ["duración: ", " ms"],
    prepare: "prepare: ",
  },
  // French
  {
    statement: "instruction : ",
    execute: "exécute ",
    fetch: "exécute fetch à partir de ",
    timedStatement: ["durée : ", " ms, instruction : "],
    timedExecute: ["durée : ", " ms  "],
    timed: ["durée : ", " ms"],
    prepare: "préparation : ",
  },
  // Indonesian
  {
    statement: "perintah: ",
    execute: "menjalankan ",
    fetch: "menjalankan 'fetch' dari ",
    timedStatement: ["durasi: ", " ms, perintah: "],
    timedExecute: ["durasi: ", " ms  "],
    timed: ["durasi: ", " ms"],
    prepare: "menyiapkan: ",
  },
  // Italian
  {
    statement: "istruzione: ",
    execute: "esecuzione di ",
    fetch: "esecuzione di fetch da ",
    timedStatement: ["durata: ", " ms  istruzione: "],
    timedExecute: ["durata: ", " ms  "],
    timed: ["durata: ", " ms"],
    prepare: "preparazione: ",
  },
  // Japanese
  {
    statement: "文: ",
    execute: "実行 ",
    fetch: "取り出し実行 ",
    timedStatement: ["期間: ", " ミリ秒  文: "],
    timedExecute: ["期間: ", " ミリ秒  "],
    timed: ["期間: ", " ミリ秒"],
    prepare: "準備: ",
  },
  // Georgian, whose two words for a statement differ
  {
    statement: "ოპერატორი: ",
    execute: "გაშვება ",
    timedStatement: ["ხანგრძლივობა: ", " მწმ  გამოსახულება: "],
    timedExecute: ["ხანგრძლივობა: ", " მწმs  "],
    timed: ["ხანგრძლივობა: ", " მწმ"],
    prepare: "მომზადება: ",
  },
  // Korean, whose three words for a duration differ
  {
    statement: "명령 구문: ",
    execute: "쿼리실행 ",
    fetch: "자료뽑기 ",
    timedStatement: ["실행시간: ", " ms  명령 구문: "],
    timedExecute: ["수행시간: ", " ms  "],
    timed: ["실행시간: ", " ms"],
    prepare: "prepare: ",
  },
  // Polish
  {
    statement: "wyrażenie: ",
    execute: "wykonanie ",
    fetch: "wykonanie pobrania z ",
    timedStatement: ["czas trwania: ", " ms  wyrażenie: "],
    timedExecute: ["czas trwania: ", " ms  "],
    timed: ["czas trwania: ", " ms"],
    prepare: "przygotuj: ",
  },
  // Brazilian Portuguese
  {
    statement: "comando: ",
    execute: "executar ",
    fetch: "executar busca de ",
    timedStatement: ["duração: ", " ms  comando: "],
    timedExecute: ["duração: ", " ms  "],
    timed: ["duração: ", " ms"],
    prepare: "preparado: ",
  },
  // Russian
  {
    statement: "оператор: ",
    execute: "выполнение ",
    fetch: "выборка из ",
    timedStatement: ["продолжительность: ", " мс, оператор: "],
    timedExecute: ["продолжительность: ", " мс  "],
    timed: ["продолжительность: ", " мс"],
    prepare: "подготовка: ",
  },
  // Swedish
  {
    statement: "sats: ",
    execute: "kör ",
    fetch: "kör hämtning från ",
    timedStatement: ["varaktighet: ", " ms  sats: "],
    timedExecute: ["varaktighet: ", " ms  "],
    timed: ["varaktighet ", " ms"],
    prepare: "prepare: ",
  },
  // Turkish, which leaves "execute" as it is
  {
    statement: "komut: ",
    execute: "execute ",
    timedStatement: ["süre: ", " milisaniye  komut: "],
    timedExecute: ["süre: ", " ms  "],
    timed: ["süre: ", " milisaniye"],
    prepare: "prepare:  ",
  },
  // Ukrainian
  {
    statement: "оператор: ",
    execute: "виконувати ",
    fetch: "виконати витягнення з ",
    timedStatement: ["тривалість: ", " мс, оператор: "],
    timedExecute: ["тривалість: ", " мс "],
    timed: ["тривалість: ", " мс"],
    prepare: "підготовка: ",
  },
  // Chinese, simplified
  {
    statement: "语句: ",
    execute: "执行 ",
    fetch: "执行提取，来源为 ",
    timedStatement: ["耗时: ", " ms  语句: "],
    timedExecute: ["耗时: ", " ms  "],
    timed: ["耗时: ", " ms"],
    prepare: "预备语句: ",
  },
  // Chinese, traditional
  {
    statement: "陳述式: ",
    execute: "執行 ",
    fetch: "執行擷取，來源為 ",
    timedStatement: ["持續時間: ", " 毫秒  陳述式: "],
    timedExecute: ["持續時間: ", " 毫秒  "],
    timed: ["持續時間: ", " 毫秒"],
    prepare: "預備敘述: ",
  },
];
