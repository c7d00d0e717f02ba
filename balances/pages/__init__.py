"""One folder a screen: views.py, page.py (builds), context.py (what the template gets).

Below the screens: charts, query, as_of, components. Only urls import views.
"""
