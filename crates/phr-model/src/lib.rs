//! Words of the product as types: metric catalogue, samples, civil time, observe().
