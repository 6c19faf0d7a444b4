truncate customer, item restart identity;
insert into customer (email, name) values ('ada@example.com', 'Ada'), ('bob@example.com', null);
insert into item (customer_id, sku, price, tags, counts, data, made, day, token, feeling, feelings, blob, span, big, ratio)
  values
    (1, 'kettle', 19.90, '{red,"two words"}', '{1,2}', '{"a": [1, null]}', '2026-02-03 04:05:06.789+00', '2026-02-03',
     '6f1f4c1e-7a42-4d5e-9a53-0d8c5b1a2f10', 'happy', '{ok,sad}', '\x00ff', '1 day 02:03:04', 9007199254740993, 0.5),
    (2, 'pan', null, '{}', null, null, null, null, null, null, null, null, null, null, null);
