#[atlas_migrate::test]
struct Database;

#[atlas_migrate::test]
mod tests {}

struct Tests;

impl Tests {
    #[atlas_migrate::test(migrations = none)]
    fn of_a_type(&self) {}
}
