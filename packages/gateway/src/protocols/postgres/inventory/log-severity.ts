/**
 * The words with which PostgreSQL's languages say how severe a message is (src/backend/po/*.po of PostgreSQL 15 and 17, the
 * messages of utils/error/elog.c). The csvlog has them translated, the jsonlog in English.
 */
const errors: ReadonlySet<string> = new Set(
  [
    [
      "ERROR",
      "FATAL",
      "PANIC",
      "FEHLER",
      "PANIK",
      "ERREUR",
      "ERRORE",
      "FATALE",
      "PANICO",
      "შეცდომა",
      "ფატალური",
      "პანიკა",
    ],
    [
      "오류",
      "치명적오류",
      "손상",
      "BŁĄD",
      "KATASTROFALNY",
      "PANIKA",
      "ERRO",
      "PÂNICO",
      "ОШИБКА",
      "ВАЖНО",
      "ПАНИКА",
    ],
    ["FEL", "FATALT", "HATA", "ÖLÜMCÜL (FATAL)", "KRİTİK", "ПОМИЛКА", "ФАТАЛЬНО", "ПАНІКА"],
    ["错误", "致命错误", "灾难性错误", "錯誤", "致命錯誤", "嚴重錯誤"],
  ].flat(),
);
const noErrors: ReadonlySet<string> = new Set(
  [
    [
      "DEBUG",
      "LOG",
      "INFO",
      "NOTICE",
      "WARNING",
      "DEBUG1",
      "DEBUG2",
      "DEBUG3",
      "DEBUG4",
      "DEBUG5",
      "HINWEIS",
      "WARNUNG",
    ],
    ["ATTENTION", "PERINGATAN", "NOTIFICA", "ATTENZIONE", "გამართვა", "ჟურნალი", "ინფორმაცია", "გაფრთხილება"],
    [
      "디버그",
      "로그",
      "정보",
      "알림",
      "경고",
      "DZIENNIK",
      "INFORMACJA",
      "UWAGA",
      "OSTRZEŻENIE",
      "DEPURAÇÃO",
      "NOTA",
      "AVISO",
    ],
    [
      "ОТЛАДКА",
      "СООБЩЕНИЕ",
      "ИНФОРМАЦИЯ",
      "ЗАМЕЧАНИЕ",
      "ПРЕДУПРЕЖДЕНИЕ",
      "LOGG",
      "NOTIS",
      "VARNING",
      "BİLGİ",
      "NOT",
      "UYARI",
    ],
    ["НАЛАГОДЖЕННЯ", "ЗАПИСУВАННЯ", "ІНФОРМАЦІЯ", "ПОВІДОМЛЕННЯ", "ПОПЕРЕДЖЕННЯ"],
    ["调试", "日志", "信息", "注意", "警告", "除錯", "日誌", "資訊"],
  ].flat(),
);

/** The words for the level that statements are logged with. */
const logs: ReadonlySet<string> = new Set([
  "LOG",
  "ჟურნალი",
  "로그",
  "DZIENNIK",
  "СООБЩЕНИЕ",
  "LOGG",
  "ЗАПИСУВАННЯ",
  "日志",
  "日誌",
]);

/** Whether a record may be of the level that the server logs statements with: its word is `LOG`, or is not known. */
export function mayBeLog(severity: string): boolean {
  return logs.has(severity) || !(noErrors.has(severity) || errors.has(severity));
}

/**
 * Whether a log record tells of a statement that failed. The word decides where it is known: a warning may have the code of
 * an error (25001 for a BEGIN within a transaction), and a notice as well (42P07 for what `IF NOT EXISTS` skips).
 * Otherwise the code does: classes 00 and 01 are no errors (https://www.postgresql.org/docs/current/errcodes-appendix.html).
 */
export function tellsOfError(severity: string, code: string): boolean {
  if (errors.has(severity)) return true;
  if (noErrors.has(severity)) return false;
  return /^[0-9A-Z]{5}$/.test(code) && !/^0[01]/.test(code);
}
