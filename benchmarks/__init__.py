"""Time, memory and drift of every loop; generated from the tasks."""
