-- A small shop: what the demo's agent works on. Run as the superuser in an empty database named shop.
CREATE TABLE public.customers (
  id integer PRIMARY KEY,
  name text NOT NULL,
  email text NOT NULL,
  card_last4 text NOT NULL
);
CREATE TABLE public.orders (
  id integer PRIMARY KEY,
  customer_id integer NOT NULL REFERENCES public.customers,
  total numeric(10, 2) NOT NULL,
  status text NOT NULL DEFAULT 'paid' CHECK (status IN ('paid', 'sent', 'refunded')),
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE public.payroll (id integer PRIMARY KEY, person text NOT NULL, salary numeric(10, 2) NOT NULL);

INSERT INTO public.customers
  SELECT i, (ARRAY['Ada', 'Grace', 'Edsger', 'Barbara', 'Donald'])[1 + i % 5] || ' ' || i, 'customer' || i || '@example.com', lpad((i * 37 % 10000)::text, 4, '0')
  FROM generate_series(1, 50) AS i;
INSERT INTO public.orders (id, customer_id, total, status, created_at)
  SELECT i, 1 + i % 50, round((10 + i * 7 % 190)::numeric + 0.95, 2), (ARRAY['paid', 'sent'])[1 + i % 2], timestamptz '2026-01-01' + i * interval '3 hours'
  FROM generate_series(1, 400) AS i;
INSERT INTO public.payroll VALUES (1, 'Chief Executive', 999999.00);

-- The role that the gateway uses: only the rights that its operations need. The gateway refuses first, the database
-- would refuse too.
CREATE ROLE mayfly LOGIN PASSWORD 'only-the-gateway-knows';
GRANT SELECT ON public.orders, public.customers TO mayfly;
GRANT UPDATE (status) ON public.orders TO mayfly;
