//! Pages for people: connecting a vendor.
