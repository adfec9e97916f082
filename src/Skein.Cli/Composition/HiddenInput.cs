using System.Text;
using Skein.Cli.Repl;
using Skein.Cli.Repl.Editing;

namespace Skein.Cli.Composition;

/// <summary>What is typed and not shown.</summary>
internal static class HiddenInput
{
    /// <summary>Asks for a line from the terminal, which shows nothing of it from before the question on: a key may be pasted at once.</summary>
    /// <param name="ask">Shows the question.</param>
    /// <returns>Null: the input has ended.</returns>
    /// <exception cref="OperationCanceledException">Ctrl+C was pressed.</exception>
    public static async Task<string?> ReadLineAsync(Action ask, CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        var answer = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var terminal = RawTerminal.Open(static () => { });
        ask();
        terminal.Read(key =>
        {
            switch (key)
            {
                case null:
                case { Kind: KeyKind.EndOfInput } when line.Length == 0:
                    answer.TrySetResult(null);
                    break;
                case { Kind: KeyKind.Enter or KeyKind.NewLine }:
                    answer.TrySetResult(line.ToString());
                    break;
                case { Kind: KeyKind.Interrupt }:
                    answer.TrySetCanceled(CancellationToken.None);
                    break;
                case { Kind: KeyKind.KillToStart }:
                    line.Clear();
                    break;
                case { Kind: KeyKind.Backspace }:
                    line.Length = Math.Max(0, line.Length - 1);
                    break;
                case { Kind: KeyKind.Text or KeyKind.Paste } typed:
                    line.Append(typed.Text);
                    break;
            }
        });
        return await answer.Task.WaitAsync(cancellationToken);
    }
}
