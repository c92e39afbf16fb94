//! Compare, fetch, replace, observe, cover, settle: the reconciler.
