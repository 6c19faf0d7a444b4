-- What `pg_dump --schema-only --no-owner --no-privileges shop` prints of the example's database, shortened.
CREATE TABLE public.customers (
    id integer NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    phone text
);
CREATE TABLE public.orders (
    id integer NOT NULL,
    customer_id integer NOT NULL,
    status text NOT NULL,
    total numeric(10,2) NOT NULL,
    placed_at timestamp with time zone NOT NULL,
    note text
);
CREATE FUNCTION public.refund_total(order_id integer) RETURNS numeric
    LANGUAGE sql
    AS $$ SELECT total FROM public.orders WHERE id = order_id $$;
ALTER TABLE ONLY public.customers ADD CONSTRAINT customers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.orders ADD CONSTRAINT orders_pkey PRIMARY KEY (id);
