"""Models: from features to a genre with its probability, reasons and neighbours."""
