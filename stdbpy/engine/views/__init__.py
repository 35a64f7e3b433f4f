"""Views: what the module's code makes of the tables, kept up to date while somebody looks.

A view is run when it is first asked for, over a transaction that notes what it reads
(:mod:`reading`). Its rows are kept (:mod:`live_view`); when a transaction changes what was read
(:mod:`watches`), the view is run again as the transaction's last step, and what that does to its rows is
part of what the transaction did (:mod:`views`). All of it belongs to the database's thread, and
nothing of it is written down.
"""
