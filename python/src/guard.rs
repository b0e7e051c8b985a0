//! Whether a class still is as it was written, so that a short cut leaves nobody out.
//!
//! Programs subclass and patch the classes of `http.client` freely: a short cut through several methods is right
//! only where each of them is the original. Asking for them one by one at each request costs more than the short
//! cut does, so the answer is kept for as long as the interpreter's own method cache would keep it.

use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyModule, PyString, PyType};
use pyo3::{PyTraverseError, PyVisit, intern};

/// How many classes are remembered at a time.
const REMEMBERED: usize = 16;

type Names = Vec<(Py<PyString>, Py<PyAny>)>;

/// Attributes of a class and what they were when it was made.
#[pyclass(frozen, module = "straightwire._engine")]
pub(crate) struct Guard {
    steps: Names,
    /// How many attributes an instance has from `__init__`, if those matter.
    #[pyo3(get)]
    attributes: Option<usize>,
    /// A module with what some of its names stood for.
    module: Option<(Py<PyModule>, Names)>,
    /// The version tags of classes that were found to be untouched.
    untouched: [AtomicU32; REMEMBERED],
}

#[pymethods]
impl Guard {
    /// `steps` are the attributes that must be found on the class, `attributes` how many an instance has itself:
    /// where it has another number, none of them may be in the place of a step. `names` must stand in `module` for
    /// what they stand for now.
    #[new]
    #[pyo3(signature = (steps, attributes = None, module = None, names = Vec::new()))]
    pub(crate) fn new(
        steps: &Bound<'_, PyDict>,
        attributes: Option<usize>,
        module: Option<&Bound<'_, PyModule>>,
        names: Vec<Bound<'_, PyString>>,
    ) -> PyResult<Guard> {
        let steps = steps
            .iter()
            .map(|(name, step)| Ok((name.cast_into::<PyString>()?.unbind(), step.unbind())))
            .collect::<PyResult<_>>()?;
        let module = module.map(|module| {
            let names =
                names.into_iter().map(|name| Ok((name.clone().unbind(), module.getattr(name)?.unbind())));
            PyResult::Ok((module.clone().unbind(), names.collect::<PyResult<_>>()?))
        });
        Ok(Guard { steps, attributes, module: module.transpose()?, untouched: Default::default() })
    }

    /// The same over other things: `of` gives what stands for a step, and `module` for the module.
    fn twin(&self, of: &Bound<'_, PyAny>, module: &Bound<'_, PyModule>) -> PyResult<Guard> {
        let py = of.py();
        let twins = |names: &Names| {
            let twin =
                |(name, it): &(Py<PyString>, Py<PyAny>)| Ok((name.clone_ref(py), of.call1((it,))?.unbind()));
            names.iter().map(twin).collect::<PyResult<Names>>()
        };
        Ok(Guard {
            steps: twins(&self.steps)?,
            attributes: self.attributes,
            module: match &self.module {
                Some((_, names)) => Some((module.clone().unbind(), twins(names)?)),
                None => None,
            },
            untouched: Default::default(),
        })
    }

    /// The attributes that are looked at.
    #[getter]
    fn steps<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let steps = PyDict::new(py);
        for (name, step) in &self.steps {
            steps.set_item(name, step)?;
        }
        Ok(steps)
    }

    /// Whether every step of `object` is the one that is known here.
    pub(crate) fn passes(&self, object: &Bound<'_, PyAny>) -> PyResult<bool> {
        if self.attributes.is_none() {
            return Ok(self.passes_module(object.py())? && self.passes_kind(&object.get_type())?);
        }
        let own = object.getattr(intern!(object.py(), "__dict__"))?;
        own.cast_exact::<PyDict>().map_or(Ok(false), |own| self.passes_with(object, own))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Some((module, names)) = &self.module {
            visit.call(module)?;
            names.iter().try_for_each(|(_, it)| visit.call(it))?;
        }
        self.steps.iter().try_for_each(|(_, step)| visit.call(step))
    }
}

impl Guard {
    /// The same for all instances of a class, as far as the class says.
    pub(crate) fn passes_kind(&self, kind: &Bound<'_, PyType>) -> PyResult<bool> {
        let tag = version_tag(kind);
        if tag != 0 && self.place(tag).load(Ordering::Relaxed) == tag {
            return Ok(true);
        }
        self.examine(kind)
    }

    #[cold]
    fn examine(&self, kind: &Bound<'_, PyType>) -> PyResult<bool> {
        // A look-up gives the class a tag, which is not to change until all has been seen.
        let mut tag = 0;
        for (index, (name, step)) in self.steps.iter().enumerate() {
            let found = kind.getattr(name.bind(kind.py()))?;
            if !found.is(step) {
                return Ok(false);
            }
            if index == 0 {
                tag = version_tag(kind);
            }
        }
        if tag != 0 && tag == version_tag(kind) {
            self.place(tag).store(tag, Ordering::Relaxed);
        }
        Ok(true)
    }

    /// The same for an object with these attributes.
    pub(crate) fn passes_with(&self, object: &Bound<'_, PyAny>, own: &Bound<'_, PyDict>) -> PyResult<bool> {
        Ok(self.passes_module(object.py())?
            && self.passes_kind(&object.get_type())?
            && self.passes_own(own)?)
    }

    /// Every name in the module stands for what it stood for.
    pub(crate) fn passes_module(&self, py: Python<'_>) -> PyResult<bool> {
        let Some((module, names)) = &self.module else { return Ok(true) };
        let all = module.bind(py).dict();
        for (name, it) in names {
            if !all.get_item(name)?.is_some_and(|found| found.is(it)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What a name in the module stands for now.
    pub(crate) fn name<'py>(&self, name: &Bound<'py, PyString>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match &self.module {
            Some((module, _)) => module.bind(name.py()).dict().get_item(name),
            None => Ok(None),
        }
    }

    /// No attribute of the instance may be in the place of a step.
    fn passes_own(&self, own: &Bound<'_, PyDict>) -> PyResult<bool> {
        if self.attributes == Some(own.len()) {
            return Ok(true);
        }
        for (name, _) in &self.steps {
            if own.contains(name)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn place(&self, tag: u32) -> &AtomicU32 {
        &self.untouched[tag as usize % REMEMBERED]
    }
}

/// The number that the interpreter gives to a class as it is, and to no other; it changes with the class or any of
/// its bases. 0 for none.
#[allow(unsafe_code)]
fn version_tag(kind: &Bound<'_, PyType>) -> u32 {
    let kind = kind.as_type_ptr();
    // SAFETY: the class is alive while `kind` is borrowed, and the field is one of the struct's, aligned; it is
    // written by the interpreter in plain stores of 32 bits, by other threads too where there is no global lock.
    unsafe { AtomicU32::from_ptr(&raw mut (*kind).tp_version_tag) }.load(Ordering::Relaxed)
}
