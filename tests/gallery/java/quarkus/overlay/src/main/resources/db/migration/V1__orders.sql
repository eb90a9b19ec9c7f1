CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer text NOT NULL);
INSERT INTO orders (customer) VALUES ('Ada');
