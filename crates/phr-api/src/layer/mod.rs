//! What happens to every request, whatever its route.

pub mod address;
pub mod cors;
pub mod finish;
pub mod head;
pub mod stack;
