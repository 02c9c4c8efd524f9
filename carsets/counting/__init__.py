"""What engines are asked for their totals, and how their answers are read. One file per engine."""
