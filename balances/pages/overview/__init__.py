"""The first page: headline, chart, assets and accounts of one reader."""
