"""The compatibility tables of ``rules/compat``, made from wheels and from the PCI ID list."""
