"""Stage 8: answers to scores, intervals, gaps and alarms, and the report that shows them."""
