namespace Skein.Agent.Tools;

/// <summary>Finds where the last lines of a file begin by reading it from its end: what they cost, not what the file does.</summary>
internal static class LastLines
{
    private const int Block = 64 * 1024;

    /// <param name="file">UTF-8; is left where the lines begin.</param>
    /// <param name="most">Bytes after which it gives up: the lines are as far back at least.</param>
    /// <returns>How many lines there are from there.</returns>
    public static async Task<int> SeekAsync(Stream file, int lines, long most, CancellationToken cancellationToken)
    {
        var buffer = new byte[Block];
        var found = 0;
        var end = file.Length;
        var at = end;
        while (at > 0 && end - at < most)
        {
            var length = (int)Math.Min(Block, at);
            at -= length;
            file.Position = at;
            await file.ReadExactlyAsync(buffer.AsMemory(0, length), cancellationToken);
            for (var i = length - 1; i >= 0; i--)
            {
                // The last newline ends the last line, it begins none.
                if (buffer[i] != '\n' || at + i == end - 1 || ++found < lines)
                    continue;

                file.Position = at + i + 1;
                return found;
            }
        }

        file.Position = at;
        return at == 0 && end > 0 ? found + 1 : found;
    }
}
