"""The completion script for PowerShell, 5.1 and later: the command tree as a table, and what reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stdbpy.cli.completion.tree import Node, Value

_QUOTES = re.compile("['\u2018\u2019\u201a\u201b]")
"""All of them end a quoted text."""


def write(tree: Node) -> str:
    """The script, without a header. It is ASCII: PowerShell 5.1 reads a file in an old code page."""
    return "\n".join((_BEGIN, *(f"    {line}" for line in _table(tree)), _READING))


def _table(tree: Node) -> Iterator[str]:
    yield "# By command: its commands, its options and what its positional arguments are."
    yield "$commands = @{"
    for node in tree.walk():
        yield f"    {_quoted(node.name)} = @{{"
        yield "        Commands = [ordered]@{"
        yield from (f"            {_quoted(child.path[-1])} = {_quoted(child.help)}" for child in node.children)
        yield "        }"
        yield "        Options = @("
        for option in node.options:
            shape = "flag" if option.value is None else "attached" if option.may_be_left_out else "value"
            entry = f"Spellings = {_list(option.spellings)}; Shape = '{shape}'; Help = {_quoted(option.help)}"
            yield f"            @{{ {entry}{_value(option.value or Value(''))} }}"
        yield "        )"
        yield "        Positionals = @("
        yield from (f"            @{{ Help = {_quoted(value.label)}{_value(value)} }}" for value in node.positionals)
        yield "        )"
        yield "    }"
    yield "}"


def _value(value: Value) -> str:
    return f"; Words = {_list(value.words)}; Question = {_quoted(value.question)}"


def _list(words: tuple[str, ...]) -> str:
    return f"@({', '.join(map(_quoted, words))})"


def _quoted(text: str) -> str:
    ascii = _QUOTES.sub("''", text).replace("\u2026", "...").encode("ascii", "replace").decode()
    return f"'{ascii}'"


_BEGIN = """
Register-ArgumentCompleter -Native -CommandName 'stdbpy' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
"""

_READING = r"""
    function Find-Option($command, $spelling) {
        $command.Options | Where-Object { $_.Spellings -ccontains $spelling } | Select-Object -First 1
    }

    # What is offered is written in quotes if it is anything but a plain word.
    function New-Result($text, $kind, $help) {
        $written = $text
        if ($text -notmatch '^[\w.:/=+-]+$') {
            $written = "'" + ($text -replace "['\u2018\u2019\u201a\u201b]", '$0$0') + "'"
        }
        if (-not $help) { $help = $text }
        [System.Management.Automation.CompletionResult]::new($written, $text, $kind, $help)
    }

    # The words before the one at the cursor.
    $begin = $cursorPosition - $wordToComplete.Length
    $typed = @(
        foreach ($element in $commandAst.CommandElements) {
            if ($element.Extent.EndOffset -gt $begin) { break }
            if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $element.Value }
            else { $element.Extent.Text }
        }
    )
    $path = ''
    $command = $commands[$path]
    $given = @()
    $awaited = $null
    $ended = $false
    foreach ($word in ($typed | Select-Object -Skip 1)) {
        if ($awaited) {
            $awaited = $null
        } elseif (-not $ended -and $word -ceq '--') {
            $ended = $true
        } elseif (-not $ended -and $word -like '-?*') {
            $option = Find-Option $command $word
            if ($option -and $option.Shape -eq 'value') { $awaited = $option }
        } elseif ($command.Commands.Contains($word)) {
            $path = "$path $word".Trim()
            $command = $commands[$path]
            $ended = $false
        } else {
            $given += $word
        }
    }

    # What the value is that stands at the cursor, and what stands before it in the same word.
    $value = $awaited
    $front = ''
    if (-not $value -and -not $ended -and $wordToComplete -match '^(-[^=]+)=') {
        $front = $Matches[0]
        $value = Find-Option $command $Matches[1]
        if (-not $value -or $value.Shape -eq 'flag') { return }
    } elseif (-not $value -and -not $ended -and $wordToComplete -like '-*') {
        foreach ($option in $command.Options) {
            foreach ($spelling in $option.Spellings) {
                if ($spelling.StartsWith($wordToComplete, 'Ordinal')) {
                    New-Result $spelling 'ParameterName' $option.Help
                }
            }
        }
        return
    } elseif (-not $value -and $command.Commands.Count) {
        foreach ($name in $command.Commands.Keys) {
            if ($name.StartsWith($wordToComplete, 'Ordinal')) {
                New-Result $name 'Command' $command.Commands[$name]
            }
        }
        return
    } elseif (-not $value -and $given.Count -lt $command.Positionals.Count) {
        $value = $command.Positionals[$given.Count]
    }
    if (-not $value) { return }

    $beginning = $wordToComplete -replace '^[''"]', ''
    $words = @($value.Words)
    if ($value.Question) {
        $program = 'stdbpy'
        if (Get-Command $typed[0] -CommandType Application -ErrorAction Ignore) { $program = $typed[0] }
        $words += @(& $program '__complete' $value.Question @given '--' @($typed | Select-Object -Skip 1) 2>$null)
    }
    foreach ($word in $words) {
        $text = "$front$word"
        if ($word -and $text.StartsWith($beginning, 'Ordinal')) {
            New-Result $text 'ParameterValue' $value.Help
        }
    }
}
"""
