using System.Globalization;
using System.Text;
using System.Text.Json;
using Skein.Adapters.Driving;

namespace Skein.Adapters.Archives;

/// <summary>A session's file as several agents write it: a JSON object a line. What is none is told, and reading goes on behind it.</summary>
internal sealed class TranscriptFile(string path, List<string> problems)
{
    /// <param name="bytes">Only the lines that end within so many; null: all.</param>
    /// <exception cref="ArchiveException">It cannot be read.</exception>
    public IEnumerable<(int Line, JsonElement Record)> Read(long? bytes = null)
    {
        using var reader = new StreamReader(Open(), new UTF8Encoding(false));
        long read = 0;
        for (var line = 1; ReadLine(reader) is { } text; line++)
        {
            read += Encoding.UTF8.GetByteCount(text) + 1;
            if (read > bytes)
                yield break;
            if (text.Length > 0 && Parse(text, line) is { } record)
                yield return (line, record);
        }
    }

    /// <summary>The time a record has.</summary>
    public static DateTimeOffset TimeOf(JsonElement record) =>
        DateTimeOffset.TryParse(record.Text("timestamp"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at)
            ? at : DateTimeOffset.UnixEpoch;

    public void Complain(int line, string what) => problems.Add($"{path}, line {line}: {what}");

    private JsonElement? Parse(string text, int line)
    {
        try
        {
            var record = JsonElement.Parse(text);
            if (record.ValueKind == JsonValueKind.Object)
                return record;
            Complain(line, "is no JSON object");
        }
        catch (JsonException)
        {
            Complain(line, $"is no JSON ({text.Length:N0} characters)");
        }

        return null;
    }

    // An agent at work may be writing to it.
    private FileStream Open()
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArchiveException($"{path} cannot be read: {e.Message}");
        }
    }

    private string? ReadLine(StreamReader reader)
    {
        try
        {
            return reader.ReadLine();
        }
        catch (IOException e)
        {
            throw new ArchiveException($"{path} cannot be read: {e.Message}");
        }
    }
}
