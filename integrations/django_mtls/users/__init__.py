"""Users that certificates name, and editors who may link certificates to them."""
