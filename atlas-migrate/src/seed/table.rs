//! What the catalog says of a table, and whether the columns of a file fit it.

use atlas_migrate_core::fault::nearest;
use serde::Deserialize;

/// A table that rows are for.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Table {
    pub(super) oid: i64,
    kind: String,
    /// Quoted, with its schema.
    pub(super) name: String,
    /// Its own name, as it is.
    pub(super) short: String,
    pub(super) columns: Vec<Column>,
    pub(super) unique: Vec<Unique>,
    /// Rows may also be told apart by a partial index, an expression or an exclusion constraint.
    pub(super) otherwise_unique: bool,
    /// An extension has made it, with rows of its own perhaps.
    pub(super) member: bool,
    /// The tables that its foreign keys refer to.
    pub(super) references: Vec<i64>,
}

/// A unique index on columns.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Unique {
    pub(super) columns: Vec<String>,
    /// A null in it equals no other.
    pub(super) nulls_distinct: bool,
}

/// One of its columns.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Column {
    pub(super) name: String,
    /// As one declares it: `character varying(20)`.
    #[serde(rename = "type")]
    pub(super) ty: String,
    /// The name of the type, which is not a domain: `varchar`.
    pub(super) base: String,
    /// The type of its elements, if it is an array.
    pub(super) element: Option<String>,
    /// The type, or that of the elements, comes with the server.
    pub(super) builtin: bool,
    pub(super) not_null: bool,
    pub(super) default: bool,
    pub(super) generated: bool,
    pub(super) always: bool,
    /// Its default is another value each time.
    pub(super) fresh: bool,
    /// The sequences that number it, quoted: its own, and those of its default.
    pub(super) sequences: Vec<String>,
}

/// What is wrong between a file and its table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    /// The number of the file's column; none if it is the file as a whole.
    pub(super) column: Option<usize>,
    pub(super) message: String,
    pub(super) hint: String,
}

impl Column {
    pub(super) fn is_json(&self) -> bool {
        is_json(&self.base)
    }

    /// Whether it is a number that no label stands for.
    pub(super) fn is_number(&self) -> bool {
        matches!(self.base.as_str(), "int2" | "int4" | "numeric" | "float4" | "float8" | "oid")
    }

    /// Whether what a sequence gives is its value.
    pub(super) fn is_numbered(&self) -> bool {
        matches!(self.base.as_str(), "int2" | "int4" | "int8" | "numeric")
    }
}

pub(super) fn is_json(base: &str) -> bool {
    matches!(base, "json" | "jsonb")
}

impl Table {
    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Whether what is read as one column are several of this table, with what other programs put between them.
    fn is_divided_elsewise(&self, header: &str) -> bool {
        let is_column = |name: &str| self.column(name.trim()).is_some();
        [';', '\t', '|'].iter().any(|sign| header.contains(*sign) && header.split(*sign).all(is_column))
    }

    /// Everything that is wrong with these columns, and with this key.
    pub(super) fn misfits(&self, columns: &[String], key: &[String]) -> Vec<Misfit> {
        let misfit = |column, message: String, hint: String| Misfit { column, message, hint };
        if !matches!(self.kind.as_str(), "r" | "p" | "f") {
            let hint = "name the file after the table that the rows belong to".to_owned();
            return vec![misfit(None, format!("{} is not a table", self.name), hint)];
        }
        let mut misfits = Vec::new();
        // A file without columns has no rows.
        if columns.is_empty() {
            return misfits;
        }
        if let [header] = columns
            && self.is_divided_elsewise(header)
        {
            let hint = "put commas between the columns, and between the cells of each row".to_owned();
            return vec![misfit(Some(0), "the columns are not divided by commas".to_owned(), hint)];
        }
        for (number, name) in columns.iter().enumerate() {
            match self.column(name) {
                None => {
                    let names = self.columns.iter().map(|column| column.name.as_str());
                    let all: Vec<_> = names.clone().collect();
                    let hint = nearest(name, names).map_or_else(
                        || format!("its columns are {}", all.join(", ")),
                        |near| format!("did you mean `{near}`?"),
                    );
                    misfits.push(misfit(Some(number), format!("{} has no column `{name}`", self.name), hint));
                }
                Some(column) if column.generated => misfits.push(misfit(
                    Some(number),
                    format!("`{name}` of {} is generated from other columns", self.name),
                    "leave the column out".to_owned(),
                )),
                Some(_) => {}
            }
        }
        for column in self.columns.iter().filter(|c| c.not_null && !c.default && !c.generated) {
            if !columns.contains(&column.name) {
                misfits.push(misfit(
                    None,
                    format!("`{}` of {} is NOT NULL, has no default, and is missing", column.name, self.name),
                    "add the column".to_owned(),
                ));
            }
        }
        misfits.extend(self.misfit_of_key(columns, key));
        misfits
    }

    fn misfit_of_key(&self, columns: &[String], key: &[String]) -> Option<Misfit> {
        if let Some(missing) = key.iter().find(|name| !columns.contains(name)) {
            let message = format!("the key `{missing}` is not a column of the file");
            return Some(Misfit {
                column: None,
                message,
                hint: "a key consists of columns that the file has".to_owned(),
            });
        }
        if key.is_empty() || self.unique.iter().any(|unique| unique.is_on(key)) {
            return None;
        }
        let all: Vec<_> = self.unique.iter().map(|unique| format!("({})", unique.columns.join(", "))).collect();
        let hint = match all.is_empty() {
            true => "add a unique index to the table".to_owned(),
            false => format!("unique are {}", all.join(", ")),
        };
        let message = format!("no unique index of {} is on the key ({})", self.name, key.join(", "));
        Some(Misfit { column: None, message, hint })
    }
}

impl Unique {
    /// Whether it is on these columns, in whatever order.
    pub(super) fn is_on(&self, columns: &[String]) -> bool {
        self.columns.len() == columns.len() && self.columns.iter().all(|name| columns.contains(name))
    }
}
