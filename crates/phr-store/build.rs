//! A new migration is a new file, which the compiler alone would not notice.

#[expect(clippy::print_stdout, reason = "this is how a build script speaks to Cargo")]
fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
