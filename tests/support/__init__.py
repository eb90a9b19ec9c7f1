"""The vocabulary of the tests: services, the container engine, a company's network, a terminal."""
