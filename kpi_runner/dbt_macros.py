"""Has dbt find and call its macros with less ado.

Each model, and each macro that dbt's own code calls, gets all macros there are at hand, some nine hundred, and each
call of one has Jinja define it anew: a sixth of a small company's build. What is found is the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any


@cache
def find_macros_quickly() -> None:
    """Does so in all that dbt is asked for afterwards in this process."""
    from dbt.clients.jinja import MacroGenerator
    from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
    from dbt.context.manifest import ManifestContext
    from dbt_common.clients.jinja import BaseMacroGenerator

    _keep_functions(BaseMacroGenerator)
    _gather_at_once(MacroNamespaceBuilder, MacroGenerator)
    _look_up_in_one(ManifestContext, MacroNamespace)


def _keep_functions(generator: Any) -> None:
    """Defines a macro once in a context: the function that Jinja gives looks into the context at each call."""
    getting = generator.get_macro

    def get_macro(self: Any) -> Any:
        if "function" not in self.__dict__:
            self.function = getting(self)
        return self.function

    generator.get_macro = get_macro


def _gather_at_once(builder: Any, generator: Any) -> None:
    """Gathers the macros of a package at once, not one by one, and makes each of them in one step, not in three."""
    adding = builder.add_macros

    def make(self: Any, macro: Any, context: Any = None, node: Any = None, stack: Any = None) -> None:
        self.macro, self.context, self.node, self.stack = macro, context, node, stack

    def add_macros(self: Any, macros: Iterable[Any], context: Any) -> None:
        added = list(macros)
        functions = {macro.name: generator(macro, context, self.node, self.thread_ctx) for macro in added}
        packages = {macro.package_name for macro in added}
        if len(packages) != 1 or len(functions) < len(added):
            adding(self, added, context)  # Says what is wrong, if anything is.
            return
        (package,) = packages
        if package in self.internal_package_names:
            self.internal_packages[package] = functions
            return
        self.packages[package] = functions
        if package == self.search_package:
            self.locals = dict(functions)
        elif package == self.root_package:
            self.globals = dict(functions)

    generator.__init__, builder.add_macros = make, add_macros


def _look_up_in_one(context: Any, namespace: Any) -> None:
    """Gives all macros to a context as one dictionary, in place of a search through packages for each name."""
    giving = context.to_dict

    def to_dict(self: Any) -> Any:
        searched = self.namespace
        if type(searched) is not namespace:
            return giving(self)
        self.namespace = {}
        for part in reversed(list(searched._search_order())):
            self.namespace.update(part)
        try:
            return giving(self)
        finally:
            self.namespace = searched

    context.to_dict = to_dict
