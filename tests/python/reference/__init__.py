"""An independent reference of the metrics layer: every figure again, in plain Python."""
