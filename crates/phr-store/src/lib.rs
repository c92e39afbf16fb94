//! SQLite behind one trait; migrations; token vault.
