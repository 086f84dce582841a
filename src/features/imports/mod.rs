//! Files of records, as customer-relationship programs export them.

pub mod cells;
pub mod columns;
