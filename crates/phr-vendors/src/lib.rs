//! Reading a vendor: the Vendor trait, OAuth client, Google Health API.
