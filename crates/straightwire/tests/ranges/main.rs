//! Parts of a representation, and downloads that go on where they ended.

#[path = "../support/mod.rs"]
mod support;

mod downloads;
mod parts;
