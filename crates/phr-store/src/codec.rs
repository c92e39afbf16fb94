//! One blob a day: the samples of a day as compressed columns.
