//! Decides whether events pass a query. What the index knows is asked first, and an answer may be
//! that it cannot tell; only then is the event read.

use memchr::memmem;

use super::expr::{Expr, NumberField, NumberTest, Op, Term, Test, TextField};
use super::facts::{Facts, Needs, Row};
use super::finder::Finder;
use super::literal::{Literal, Value};
use super::path::{Path, spelled};
use super::pattern::Pattern;
use crate::model::{Dir, Kind};

/// A condition, or several, made ready.
#[derive(Debug, Clone)]
pub(super) enum Matcher {
    All(Vec<Matcher>),
    Any(Vec<Matcher>),
    Not(Box<Matcher>),
    Kind(Vec<Kind>),
    Dir(Vec<Dir>),
    Number(NumberField, NumberTest),
    Text(TextField, Check),
    Json(Box<JsonMatcher>),
    Anywhere(Box<Anywhere>),
}

/// Something that may occur in any part of an event.
#[derive(Debug, Clone)]
pub(super) struct Anywhere {
    what: Sought,
    /// Kinds in whose words it occurs.
    kinds: Vec<Kind>,
}

#[derive(Debug, Clone)]
pub(super) enum Sought {
    Word(Finder),
    Regex(Pattern),
}

/// A field of a JSON payload.
#[derive(Debug, Clone)]
pub(super) struct JsonMatcher {
    path: Path,
    check: Check,
    /// Texts without which a payload that has no escapes cannot pass: looking for them is much
    /// cheaper than reading it.
    signs: Vec<memmem::Finder<'static>>,
}

/// A test made ready.
#[derive(Debug, Clone)]
pub(super) enum Check {
    Plain(Test),
    Has(Finder),
}

impl Matcher {
    pub(super) fn new(expr: &Expr) -> Self {
        match expr {
            Expr::All(parts) => Self::All(cheapest_first(parts)),
            Expr::Any(parts) => Self::Any(cheapest_first(parts)),
            Expr::Not(part) => Self::Not(Box::new(Self::new(part))),
            Expr::Term(term) => Self::term(term),
        }
    }

    fn term(term: &Term) -> Self {
        let anywhere = |what: Sought| {
            let kinds = Kind::ALL.into_iter().filter(|kind| what.is_in(kind.word().as_bytes()));
            let kinds = kinds.collect();
            Self::Anywhere(Box::new(Anywhere { what, kinds }))
        };
        match term {
            Term::Word(word) => anywhere(Sought::Word(Finder::new(word))),
            Term::Regex(pattern) => anywhere(Sought::Regex(pattern.clone())),
            Term::Kind(kinds) => Self::Kind(kinds.clone()),
            Term::Dir(dirs) => Self::Dir(dirs.clone()),
            Term::Number(field, test) => Self::Number(*field, test.clone()),
            Term::Text(field, test) => Self::Text(*field, Check::new(test)),
            Term::Json(path, test) => Self::Json(Box::new(JsonMatcher::new(path, test))),
        }
    }

    /// About what it costs to ask, as a rank.
    fn cost(&self) -> u8 {
        match self {
            Self::Kind(_) | Self::Dir(_) => 0,
            Self::Number(field, _) if is_indexed(*field) => 0,
            Self::Text(..) => 1,
            Self::Number(..) => 2,
            Self::Anywhere(part) if matches!(part.what, Sought::Word(_)) => 3,
            Self::Json(_) => 4,
            Self::Anywhere(_) => 5,
            Self::Not(part) => part.cost(),
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().map(Self::cost).max().unwrap_or_default()
            }
        }
    }

    pub(super) fn needs(&self) -> Needs {
        let all = Needs { payload: true, names: true, wire: false, details: true };
        match self {
            Self::Kind(_) | Self::Dir(_) => Needs::default(),
            Self::Number(NumberField::Wire, _) => {
                Needs { wire: true, details: true, ..Needs::default() }
            }
            Self::Number(field, _) => Needs { details: !is_indexed(*field), ..Needs::default() },
            Self::Text(..) => Needs { names: true, ..Needs::default() },
            Self::Json(_) => Needs { payload: true, ..Needs::default() },
            Self::Anywhere(_) => all,
            Self::Not(part) => part.needs(),
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().map(Self::needs).fold(Needs::default(), |one, other| Needs {
                    payload: one.payload || other.payload,
                    names: one.names || other.names,
                    wire: one.wire || other.wire,
                    details: one.details || other.details,
                })
            }
        }
    }

    /// Whether an event passes, as far as the index can tell.
    pub(super) fn by_index(&self, facts: &Facts) -> Option<bool> {
        match self {
            Self::All(parts) => joined(parts, facts, false),
            Self::Any(parts) => joined(parts, facts, true),
            Self::Not(part) => part.by_index(facts).map(|passes| !passes),
            Self::Kind(kinds) => Some(kinds.contains(&facts.kind)),
            Self::Dir(dirs) => Some(dirs.contains(&facts.dir)),
            Self::Number(field, test) => is_indexed(*field)
                .then(|| indexed(*field, facts).is_some_and(|value| test.takes(value))),
            Self::Anywhere(part) => part.kinds.contains(&facts.kind).then_some(true),
            Self::Text(..) | Self::Json(_) => None,
        }
    }

    /// Whether an event passes.
    pub(super) fn passes(&self, facts: &Facts, row: &Row<'_>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.passes(facts, row)),
            Self::Any(parts) => parts.iter().any(|part| part.passes(facts, row)),
            Self::Not(part) => !part.passes(facts, row),
            Self::Kind(kinds) => kinds.contains(&facts.kind),
            Self::Dir(dirs) => dirs.contains(&facts.dir),
            Self::Number(field, test) => {
                let value = match field {
                    NumberField::Wire => row.wire().map(|bytes| bytes as f64),
                    NumberField::Status => row.details.status().map(f64::from),
                    NumberField::Code => row.details.code().map(f64::from),
                    field => indexed(*field, facts),
                };
                value.is_some_and(|value| test.takes(value))
            }
            Self::Text(field, check) => {
                let text = match field {
                    TextField::Name => row.name,
                    TextField::Id => row.id,
                };
                text.is_some_and(|text| check.takes(Value::Loose(text)))
            }
            Self::Json(part) => part.passes(row.payload),
            Self::Anywhere(part) => part.passes(facts, row),
        }
    }
}

fn cheapest_first(parts: &[Expr]) -> Vec<Matcher> {
    let mut parts: Vec<Matcher> = parts.iter().map(Matcher::new).collect();
    parts.sort_by_key(Matcher::cost);
    parts
}

/// What the index says of parts of which one that is `decisive` decides for all.
fn joined(parts: &[Matcher], facts: &Facts, decisive: bool) -> Option<bool> {
    let mut joined = Some(!decisive);
    for part in parts {
        match part.by_index(facts) {
            Some(passes) if passes == decisive => return Some(decisive),
            Some(_) => {}
            None => joined = None,
        }
    }
    joined
}

const fn is_indexed(field: NumberField) -> bool {
    !matches!(field, NumberField::Wire | NumberField::Status | NumberField::Code)
}

fn indexed(field: NumberField, facts: &Facts) -> Option<f64> {
    match field {
        NumberField::N => Some(facts.n as f64),
        NumberField::Attempt => Some(f64::from(facts.attempt)),
        NumberField::T => Some(facts.t_ns as f64),
        NumberField::Gap => facts.gap_ns.map(|gap| gap as f64),
        NumberField::Latency => facts.latency_us.map(|latency| f64::from(latency) * 1e3),
        NumberField::Size => Some(facts.size as f64),
        NumberField::Wire | NumberField::Status | NumberField::Code => None,
    }
}

impl NumberTest {
    fn takes(&self, value: f64) -> bool {
        let within = |ranges: &[(f64, f64)]| {
            ranges.iter().any(|(low, high)| (*low..=*high).contains(&value))
        };
        match self {
            Self::Known => true,
            Self::Is(op, other) => op.takes(value.partial_cmp(other)),
            Self::OneOf(ranges) => within(ranges),
            Self::NoneOf(ranges) => !within(ranges),
        }
    }
}

impl Sought {
    fn is_in(&self, hay: &[u8]) -> bool {
        match self {
            Self::Word(finder) => finder.is_in(hay),
            Self::Regex(pattern) => pattern.matches(hay),
        }
    }
}

impl Anywhere {
    fn passes(&self, facts: &Facts, row: &Row<'_>) -> bool {
        let is_in = |text: Option<&[u8]>| text.is_some_and(|text| self.what.is_in(text));
        self.kinds.contains(&facts.kind)
            || self.what.is_in(row.payload)
            || is_in(row.name)
            || is_in(row.id)
            || row.details.cause().is_some_and(|cause| self.what.is_in(cause.as_bytes()))
            || row.details.reason().is_some_and(|reason| self.what.is_in(reason.as_bytes()))
    }
}

impl JsonMatcher {
    fn new(path: &Path, test: &Test) -> Self {
        let value = match test {
            Test::Is(Op::Eq, Literal::Text(text)) => spelled(text),
            _ => None,
        };
        // The value first, which is rarer.
        let signs = value.into_iter().chain(path.spelled());
        let signs = signs.map(|sign| memmem::Finder::new(&sign).into_owned()).collect();
        Self { path: path.clone(), check: Check::new(test), signs }
    }

    fn passes(&self, payload: &[u8]) -> bool {
        let has_signs = self.signs.iter().all(|sign| sign.find(payload).is_some());
        // With a backslash names and texts may be spelled in any way.
        (has_signs || memchr::memchr(b'\\', payload).is_some())
            && self.path.any(payload, |value| self.check.takes(value))
    }
}

impl Check {
    fn new(test: &Test) -> Self {
        match test {
            Test::Has(text) => Self::Has(Finder::new(text)),
            test => Self::Plain(test.clone()),
        }
    }

    fn takes(&self, value: Value<'_>) -> bool {
        match self {
            Self::Has(finder) => value.text().is_some_and(|text| finder.is_in(text)),
            Self::Plain(test) => match test {
                // A text to be found is made ready in `new`.
                Test::Known | Test::Has(_) => true,
                Test::Is(op, literal) => op.takes(value.compare(literal)),
                Test::Like(globs) => globs.iter().any(|glob| value.is_like(glob)),
                Test::OneOf(literals) => {
                    literals.iter().any(|literal| Op::Eq.takes(value.compare(literal)))
                }
                Test::Matches(pattern) => value.text().is_some_and(|text| pattern.matches(text)),
            },
        }
    }
}
