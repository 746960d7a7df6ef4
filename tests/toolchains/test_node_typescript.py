import json
import subprocess

import pytest
from node_projects import require

from dbspecialist.toolchains.node.typescript import HEAD, to_commonjs
from dbspecialist.toolchains.node.typescript_tree import UntranslatableError

pytestmark = pytest.mark.needs_node


def run(source: str, wanted: str) -> object:
    """Run a translated module in Node.js and return an expression over its exports."""
    require("node")
    code = f"{to_commonjs(source)}\nprocess.stdout.write(JSON.stringify({wanted}))"
    done = subprocess.run(["node", "-e", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_to_commonjs_keeps_every_statement_on_its_line() -> None:
    source = "import {\n  A,\n  B,\n} from './x'\ntype T = {\n  a: string\n}\nconst y: T = A\n"
    assert to_commonjs(source).removeprefix(HEAD).splitlines() == [
        "const {A:A}=$all(require('./x'));",
        "",
        "",
        "",
        " ",
        "",
        "",
        "const y  = A",
    ]


def test_to_commonjs_leaves_out_imports_that_serve_as_types() -> None:
    source = "import { A } from './absent'\nexport const f = (a: A): A => a"
    assert run(source, "exports.f(7)") == 7


def test_to_commonjs_runs_classes_with_types_and_decorators() -> None:
    source = """
    interface I<T> { a: T }
    function noted(x: string): string
    function noted(x: any) { return x as string }
    @Entity({ name: 'x' })
    export abstract class A<T extends object = {}> implements I<string> {
        @Column() private readonly a!: string
        declare b: number
        public static c?: number = 3
        abstract d(): void
        public async up(this: A<T>, q?: number): Promise<number> { return q! + (<any>1) }
    }
    export default class extends A<{}> { d(): void {} }
    """
    assert run(source, "[exports.A.c, new exports.default().up.length, typeof exports.A]") == [
        3,
        1,
        "function",
    ]


def test_to_commonjs_gives_enums_their_values() -> None:
    source = "export enum E { A, B = 4, C, D = 'd' }\nexport const enum F { X = 1 << 3 }"
    assert run(source, "[exports.E.A, exports.E.C, exports.E.D, exports.E[4], exports.F.X]") == [
        0,
        5,
        "d",
        "B",
        8,
    ]


def test_to_commonjs_takes_a_returned_type_over_several_lines_away() -> None:
    source = "export const f = (a: number): {\n  b: number\n} => ({ b: a })"
    assert run(source, "exports.f(2)") == {"b": 2}


def test_to_commonjs_covers_the_forms_of_export() -> None:
    source = """
    const a = 1, b = 2
    export { a, b as c }
    export { sep as divider } from 'node:path'
    export * from 'node:url'
    export * as os from 'node:os'
    export const d: number = 4, e = 5
    export function f<T>(x: T) { return x }
    export default a
    """
    wanted = "[exports.a, exports.c, exports.divider, typeof exports.URL, typeof exports.os.cpus,"
    wanted += "exports.d, exports.e, exports.f(6), exports.default]"
    assert run(source, wanted) == [1, 2, "/", "function", "function", 4, 5, 6, 1]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("const a = 1\nconst = 2", "line 2 cannot be parsed"),
        ("namespace N { export const a = 1 }", "line 1: namespace is not covered"),
        (
            "class A { constructor(private a: string) {} }",
            "line 1: parameter properties are not covered",
        ),
        ("\nexport const { a } = x", "line 2: an exported pattern is not covered"),
    ],
)
def test_to_commonjs_refuses_what_it_does_not_cover(source: str, reason: str) -> None:
    with pytest.raises(UntranslatableError) as refused:
        to_commonjs(source)
    assert str(refused.value) == reason
