"""The `kpi` command: chooses the period, the slices and the format; knows no KPI by name."""
