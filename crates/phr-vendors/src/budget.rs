//! How many requests may be made: per person and per project, from the vendor's published limits.
