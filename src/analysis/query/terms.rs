//! A single condition: a word, or a field and what it has to be. Names of fields that every event
//! has come first; anything else is a field of the payload's JSON.

use super::cursor::{Cursor, Read};
use super::error::{Problem, QueryError};
use super::expr::{NumberField, NumberTest, Op, Term, Test, TextField};
use super::literal::Literal;
use super::path::{LONGEST, Path, Step};
use super::pattern::{Glob, Pattern};
use super::units;
use crate::model::{Dir, Kind};

/// What a condition looks at.
enum Field {
    Kind,
    Dir,
    Number(NumberField),
    Text(TextField),
    Json(Path),
}

/// How it is asked about.
#[derive(Clone, Copy, PartialEq)]
enum Relation {
    Colon,
    Op(Op),
    In,
    Pattern,
}

impl Relation {
    const fn sign(self) -> &'static str {
        match self {
            Self::Colon => ":",
            Self::Op(op) => op.sign(),
            Self::In => "in (",
            Self::Pattern => "~",
        }
    }
}

/// A value as it is written.
struct Written<'q> {
    text: std::borrow::Cow<'q, str>,
    is_quoted: bool,
}

type Value<'q> = Read<Written<'q>>;

/// Reads a word, or a field with what follows it.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Term, QueryError> {
    let name = cursor.word();
    match cursor.peek() {
        Some('(') if name.what == "has" => return has(cursor),
        Some('(') if !name.what.is_empty() && name.what != "in" => {
            return Err(QueryError::new(name.span, Problem::NoSuchFunction));
        }
        Some('"') => return Err(cursor.here(Problem::QuoteInWord)),
        _ => {}
    }
    let Some(Read { what: relation, span: sign }) = relation(cursor) else {
        if name.what.is_empty() {
            let found = cursor.peek().map(String::from).unwrap_or_default();
            return Err(cursor.here(Problem::ExpectedField(found)));
        }
        if name.what.contains('"') {
            let quote = name.span.start + name.what.find('"').unwrap_or_default();
            return Err(QueryError::new(quote..quote + 1, Problem::QuoteInWord));
        }
        return Ok(Term::Word(name.what.to_owned()));
    };
    if name.what.is_empty() {
        let problem = Problem::ExpectedField(relation.sign().to_owned());
        return Err(QueryError::new(sign, problem));
    }
    if relation == Relation::Colon && cursor.clone().take_sign("//") {
        return Err(QueryError::new(sign.clone(), Problem::ColonInWord));
    }
    let field = field(&name).map_err(|error| match relation {
        Relation::Colon if error.problem == Problem::ExpectedStep => {
            QueryError::new(sign.clone(), Problem::ColonInWord)
        }
        _ => error,
    })?;
    let relation = match relation {
        Relation::Colon => cursor.take_op().map_or(Relation::Colon, Relation::Op),
        relation => relation,
    };
    let sign = sign.start..cursor.at();
    condition(cursor, field, &Read { what: relation, span: sign })
}

/// Takes what stands between a field and its value, if anything does.
fn relation(cursor: &mut Cursor<'_>) -> Option<Read<Relation>> {
    let mut ahead = cursor.clone();
    let mut start = ahead.at();
    let what = if ahead.take(':') {
        Relation::Colon
    } else {
        ahead.skip_spaces();
        start = ahead.at();
        if let Some(op) = ahead.take_op() {
            Relation::Op(op)
        } else if ahead.take('~') {
            Relation::Pattern
        } else if ahead.take_keyword("in") {
            ahead.skip_spaces();
            ahead.take('(').then_some(Relation::In)?
        } else {
            return None;
        }
    };
    *cursor = ahead;
    Some(Read { what, span: start..cursor.at() })
}

fn has(cursor: &mut Cursor<'_>) -> Result<Term, QueryError> {
    cursor.take('(');
    cursor.skip_spaces();
    let name = cursor.word();
    cursor.skip_spaces();
    if name.what.is_empty() || !cursor.take(')') {
        return Err(cursor.here(Problem::ExpectedHas));
    }
    Ok(match field(&name)? {
        Field::Kind => Term::Kind(Kind::ALL.to_vec()),
        Field::Dir => Term::Dir(Dir::ALL.to_vec()),
        Field::Number(field) => Term::Number(field, NumberTest::Known),
        Field::Text(field) => Term::Text(field, Test::Known),
        Field::Json(path) => Term::Json(path, Test::Known),
    })
}

fn condition(
    cursor: &mut Cursor<'_>,
    field: Field,
    relation: &Read<Relation>,
) -> Result<Term, QueryError> {
    let wrong = |problem| Err(QueryError::new(relation.span.clone(), problem));
    let relation = relation.what;
    let plain = !matches!(relation, Relation::Pattern)
        && !matches!(relation, Relation::Op(op) if op.is_order());
    match field {
        Field::Kind if !plain => wrong(Problem::NoOrder("kind")),
        Field::Dir if !plain => wrong(Problem::NoOrder("dir")),
        Field::Number(field) if relation == Relation::Pattern => {
            wrong(Problem::NoPattern(field.name()))
        }
        Field::Kind => {
            let kinds = set(cursor, relation, Kind::ALL.to_vec(), |word| {
                Kind::from_word(word).ok_or_else(no_such_kind)
            });
            kinds.map(Term::Kind)
        }
        Field::Dir => {
            let dirs = set(cursor, relation, Dir::ALL.to_vec(), |word| {
                Dir::from_word(word).ok_or(Problem::NoSuchDir)
            });
            dirs.map(Term::Dir)
        }
        Field::Number(field) => {
            number_test(cursor, field, relation).map(|test| Term::Number(field, test))
        }
        Field::Text(field) => test(cursor, relation).map(|test| Term::Text(field, test)),
        Field::Json(path) => test(cursor, relation).map(|test| Term::Json(path, test)),
    }
}

fn no_such_kind() -> Problem {
    let words: Vec<&str> = Kind::ALL.iter().map(|kind| kind.word()).collect();
    Problem::NoSuchKind(words.join(", "))
}

/// Words out of a set that is known; all others where they are not to be.
fn set<T: Copy + PartialEq>(
    cursor: &mut Cursor<'_>,
    relation: Relation,
    all: Vec<T>,
    known: impl Fn(&str) -> Result<T, Problem>,
) -> Result<Vec<T>, QueryError> {
    let mut named = Vec::new();
    for value in values(cursor, relation)? {
        if value.what.text == "*" && !value.what.is_quoted {
            named.clone_from(&all);
            continue;
        }
        let word = value.what.text.to_ascii_lowercase();
        named.push(known(&word).map_err(|problem| QueryError::new(value.span, problem))?);
    }
    let is_wanted = |one: &T| named.contains(one) == (relation != Relation::Op(Op::Ne));
    Ok(all.into_iter().filter(is_wanted).collect())
}

fn number_test(
    cursor: &mut Cursor<'_>,
    field: NumberField,
    relation: Relation,
) -> Result<NumberTest, QueryError> {
    let values = values(cursor, relation)?;
    let is_any = |value: &Value<'_>| value.what.text == "*" && !value.what.is_quoted;
    if relation == Relation::Colon && values.iter().any(is_any) {
        return Ok(NumberTest::Known);
    }
    let mut ranges = Vec::new();
    for value in &values {
        let range = match relation {
            Relation::Op(op) if op.is_order() => units::number(field, &value.what.text),
            _ => units::range(field, &value.what.text),
        };
        let wrong = |(at, problem): (usize, Problem)| {
            let start = if value.what.is_quoted { value.span.start } else { value.span.start + at };
            QueryError::new(start..value.span.end, problem)
        };
        ranges.push(range.map_err(wrong)?);
    }
    Ok(match (relation, ranges.first()) {
        (Relation::Op(op), Some((value, _))) if op.is_order() => NumberTest::Is(op, *value),
        (Relation::Op(Op::Ne), _) => NumberTest::NoneOf(ranges),
        _ => NumberTest::OneOf(ranges),
    })
}

fn test(cursor: &mut Cursor<'_>, relation: Relation) -> Result<Test, QueryError> {
    if relation == Relation::Pattern {
        cursor.skip_spaces();
        if let Some(read) = cursor.regex()? {
            return pattern(&read).map(Test::Matches);
        }
    }
    let values = values(cursor, relation)?;
    let literal = |value: &Value<'_>| {
        let text = value.what.text.as_ref();
        let quoted = value.what.is_quoted.then(|| Literal::Text(text.to_owned()));
        quoted.unwrap_or_else(|| Literal::of_word(text))
    };
    let first = values.first().map(&literal);
    Ok(match (relation, first) {
        (Relation::Op(op), Some(value)) if values.len() == 1 => {
            let is_quoted = values.iter().any(|value| value.what.is_quoted);
            if op.is_order() && !is_quoted && !matches!(value, Literal::Number(_)) {
                let span = values.first().map_or(0..0, |value| value.span.clone());
                return Err(QueryError::new(span, Problem::ExpectedOrdered));
            }
            Test::Is(op, value)
        }
        (Relation::Pattern, _) => Test::Has(values.into_iter().map(|v| v.what.text).collect()),
        (Relation::Colon, _) => {
            let glob = |value: &Value<'_>| {
                Glob::new(&value.what.text, value.what.is_quoted)
                    .map_err(|problem| QueryError::new(value.span.clone(), problem))
            };
            Test::Like(values.iter().map(glob).collect::<Result<_, _>>()?)
        }
        _ => Test::OneOf(values.iter().map(literal).collect()),
    })
}

/// The value, or the values of a list: after `in (` up to its end, after `:` joined by commas.
fn values<'q>(cursor: &mut Cursor<'q>, relation: Relation) -> Result<Vec<Value<'q>>, QueryError> {
    let mut values = vec![value(cursor, relation.sign())?];
    loop {
        let spaced = relation == Relation::In;
        if spaced {
            cursor.skip_spaces();
        }
        let goes_on = matches!(relation, Relation::In | Relation::Colon) && cursor.take(',');
        if goes_on {
            values.push(value(cursor, ",")?);
        } else if spaced && !cursor.take(')') {
            return Err(cursor.here(Problem::ExpectedListEnd));
        } else {
            return Ok(values);
        }
    }
}

fn value<'q>(cursor: &mut Cursor<'q>, after: &str) -> Result<Value<'q>, QueryError> {
    cursor.skip_spaces();
    if let Some(read) = cursor.quoted()? {
        let what = Written { text: read.what.into(), is_quoted: true };
        return Ok(Read { what, span: read.span });
    }
    let missing = Problem::ExpectedValue(after.to_owned());
    if cursor.peek().is_none_or(|c| "()=<>~:,!".contains(c)) {
        return Err(cursor.here(missing));
    }
    let read = cursor.value_word();
    let what = Written { text: read.what.into(), is_quoted: false };
    Ok(Read { what, span: read.span })
}

/// Reads a regular expression that was taken from between its slashes.
pub(super) fn pattern(read: &Read<(&str, bool)>) -> Result<Pattern, QueryError> {
    let (source, folds) = read.what;
    Pattern::new(source, folds).map_err(|(wrong, problem)| {
        let start = read.span.start;
        QueryError::new(start + wrong.start..start + wrong.end, problem)
    })
}

fn field(name: &Read<&str>) -> Result<Field, QueryError> {
    use NumberField::{Attempt, Code, Gap, Latency, N, Size, Status, T, Wire};
    let number = [N, Attempt, T, Gap, Latency, Size, Wire, Status, Code];
    let is_name = |field: &NumberField| field.name() == name.what;
    if let Some(field) = number.into_iter().find(is_name) {
        return Ok(Field::Number(field));
    }
    Ok(match name.what {
        "kind" => Field::Kind,
        "dir" => Field::Dir,
        "name" => Field::Text(TextField::Name),
        "id" => Field::Text(TextField::Id),
        _ => Field::Json(path(name)?),
    })
}

/// Reads the way to a JSON field; it may begin with `$` or a dot.
fn path(name: &Read<&str>) -> Result<Path, QueryError> {
    let text = name.what;
    let wrong = |at: usize| {
        let start = name.span.start + at;
        QueryError::new(start..name.span.end.max(start), Problem::ExpectedStep)
    };
    let mut steps = Vec::new();
    let mut at = usize::from(text.starts_with('$'));
    // A name that begins with a digit is a time or an address, not a field.
    if at == 0 && text.starts_with(|c: char| !(c.is_alphabetic() || "_.[@*".contains(c))) {
        return Err(wrong(0));
    }
    while at < text.len() {
        let rest = &text[at..];
        let is_first = steps.is_empty() && at == 0;
        let (step, len) = if let Some(inner) = rest.strip_prefix('[') {
            let (step, len) = place(inner).ok_or_else(|| wrong(at))?;
            (step, len + 1)
        } else {
            let dot = usize::from(rest.starts_with('.'));
            let word = &rest[dot..];
            let word = &word[..word.find(['.', '[']).unwrap_or(word.len())];
            if word.is_empty() || word.contains([']', '{', '}', ',']) || (dot == 0 && !is_first) {
                return Err(wrong(at + dot));
            }
            (step(word), dot + word.len())
        };
        steps.push(step);
        at += len;
    }
    if steps.len() > LONGEST {
        return Err(QueryError::new(name.span.clone(), Problem::LongPath(LONGEST)));
    }
    Ok(Path(steps))
}

fn step(word: &str) -> Step {
    if word == "*" { Step::Every } else { Step::To(word.into()) }
}

/// A place after its `[`, and how many bytes it takes with the `]`.
fn place(inner: &str) -> Option<(Step, usize)> {
    if let Some(quoted) = inner.strip_prefix('"') {
        let end = quoted.find("\"]")?;
        return Some((Step::To(quoted[..end].into()), end + 3));
    }
    let end = inner.find(']')?;
    let word = &inner[..end];
    let is_place = word == "*" || word.parse::<usize>().is_ok();
    is_place.then(|| (step(word), end + 1))
}
