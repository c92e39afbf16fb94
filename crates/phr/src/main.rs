//! PHR Backend: one server for health readings.

fn main() {}
