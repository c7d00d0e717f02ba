"""The addresses of an installation where a company's server is set up."""

from qredo_dash import urls

handler403 = urls.handler403
urlpatterns = [*urls.urlpatterns, *urls.COMPANY]
