"""What several screens show: amounts, times, status, tables, notices."""
