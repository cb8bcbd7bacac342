"""The developers' side: documents and tables made from rules, facts and wheels. Not used by the product."""
