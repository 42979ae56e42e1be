"""Acknowledgements: somebody confirms that they have seen an alert, and its live message shows that."""
