"""One kind of page a module; each has `write(site, found)`."""
