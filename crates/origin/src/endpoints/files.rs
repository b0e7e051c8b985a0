//! A store in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::call::Call;
use crate::fault::{Fault, Outcome};
use crate::form;
use crate::sync::lock;

const LARGEST_FILE: u64 = 64 * 1024 * 1024;
const LARGEST_STORE: u64 = 256 * 1024 * 1024;
/// Names cost memory too, and empty files have nothing else.
const MOST_FILES: usize = 10_000;

/// All files, by their decoded names.
#[derive(Default)]
pub(crate) struct Files(Mutex<HashMap<Vec<u8>, Arc<File>>>);

struct File {
    content_type: Option<Vec<u8>>,
    content: Vec<u8>,
}

/// `/files/NAME`; the name may have slashes in it.
pub(super) fn file(call: &mut Call<'_>, name: &str) -> Outcome<()> {
    if name.is_empty() {
        call.drain()?;
        return call.not_found();
    }
    if !call.allows(&["GET", "HEAD", "PUT", "DELETE"])? {
        return Ok(());
    }
    let name = form::decode(name.as_bytes(), false);
    match call.head.method() {
        "PUT" => put(call, name),
        "DELETE" => {
            call.drain()?;
            match lock(&call.house.files.0).remove(&name) {
                Some(_) => no_content(call),
                None => call.not_found(),
            }
        }
        _ => get(call, &name),
    }
}

/// RFC 9110 section 9.3.4: 201 for a new file, 204 for one that was there.
fn put(call: &mut Call<'_>, name: Vec<u8>) -> Outcome<()> {
    let content = call.collect(LARGEST_FILE)?;
    let content_type = call.head.fields.only("Content-Type").map(<[u8]>::to_vec);
    if call.house.files.put(name, File { content_type, content })? {
        return no_content(call);
    }
    call.answer.start(201)?;
    call.answer.field("Location", call.head.path())?;
    Ok(call.answer.sized(0)?)
}

fn get(call: &mut Call<'_>, name: &[u8]) -> Outcome<()> {
    call.drain()?;
    let found = lock(&call.house.files.0).get(name).cloned();
    let Some(file) = found else { return call.not_found() };
    call.answer.start(200)?;
    if let Some(content_type) = &file.content_type {
        call.answer.raw_field(b"Content-Type", content_type)?;
    }
    call.answer.sized(file.content.len() as u64)?;
    Ok(call.answer.data(&file.content)?)
}

fn no_content(call: &mut Call<'_>) -> Outcome<()> {
    call.answer.start(204)?;
    Ok(call.answer.bodiless()?)
}

impl Files {
    /// Keeps a file; whether it replaced one.
    fn put(&self, name: Vec<u8>, file: File) -> Outcome<bool> {
        let mut files = lock(&self.0);
        let others = files.iter().filter(|(other, _)| **other != name);
        let (count, size) =
            others.fold((0, 0), |(count, size), (_, other)| (count + 1, size + other.content.len()));
        if count >= MOST_FILES || (size + file.content.len()) as u64 > LARGEST_STORE {
            return Err(Fault::refused(507, "the store is full"));
        }
        Ok(files.insert(name, Arc::new(file)).is_some())
    }
}
