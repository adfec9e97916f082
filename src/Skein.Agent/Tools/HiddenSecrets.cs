using Skein.Core.Redaction;

namespace Skein.Agent.Tools;

/// <summary>Keeps a model from writing the mark of a secret over the secret: it was shown the one and never the other.</summary>
internal static class HiddenSecrets
{
    private static readonly string s_mark = Redactor.Mark("")[..^1];

    /// <exception cref="ToolInputException">The file holds secrets, and the content has marks in their place.</exception>
    public static async Task RequireKeptAsync(ToolPath path, string content, Redactor redactor, CancellationToken cancellationToken)
    {
        if (!content.Contains(s_mark, StringComparison.Ordinal))
            return;

        string old;
        try
        {
            old = (await TextFile.ReadAsync(path, cancellationToken)).Text;
        }
        catch (ToolInputException)
        {
            // No text, so that nobody was shown it.
            return;
        }

        if (Marks(content) > Marks(old) && redactor.Redact(old) != old)
            throw new ToolInputException(
                $"'{path.Subject}' holds secrets that you were shown as '{s_mark}…]'; writing it anew would put these marks in their place. Change the other parts of it with 'edit'.");
    }

    private static int Marks(string text) => text.Split(s_mark).Length - 1;
}
