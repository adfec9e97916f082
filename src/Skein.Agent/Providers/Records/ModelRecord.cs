using System.Globalization;
using System.Net;
using System.Text.Json;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Agent.Providers.Records;

/// <summary>
/// A record that is played: every request is answered as the same one was then. What depends on the place and the day (the instructions,
/// the tools) may differ, the conversation may not. Safe for use by many threads.
/// </summary>
internal sealed class ModelRecord
{
    private readonly string _path;
    private readonly IReadOnlyList<RecordedExchange> _exchanges;
    private readonly IReadOnlyList<IReadOnlyList<string>> _conversations;
    private readonly int[] _played;
    private readonly Lock _playing = new();

    private ModelRecord(string path, IReadOnlyList<RecordedExchange> exchanges)
    {
        _path = path;
        Model = exchanges[0].Model;

        // Of what was asked of others, as titles are, nothing is played.
        _exchanges = [.. exchanges.Where(e => e.Model == Model)];
        _conversations = [.. _exchanges.Select(static e => Conversation(e.Request.ToArray()))];
        _played = new int[_exchanges.Count];
    }

    /// <summary>The model that was recorded: the one that was asked first.</summary>
    public string Model { get; }

    public ProviderKind Kind => _exchanges[0].Kind;

    public OpenAiApi Api => _exchanges[0].Api;

    /// <exception cref="InvalidRequestException">It cannot be read, or is none.</exception>
    public static ModelRecord Read(string path)
    {
        if (!Path.IsPathFullyQualified(path))
            throw new InvalidRequestException($"The record '{path}' must be named by its absolute path.");
        var line = 0;
        try
        {
            var exchanges = new List<RecordedExchange>();
            foreach (var text in File.ReadLines(path))
            {
                line++;
                exchanges.Add(JsonSerializer.Deserialize(text, RecordJson.Default.RecordedExchange) ?? throw new JsonException("It is null."));
            }

            return exchanges.Count > 0 ? new ModelRecord(path, exchanges) : throw new InvalidRequestException($"The record '{path}' holds nothing.");
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            throw new InvalidRequestException(string.Create(CultureInfo.InvariantCulture, $"'{path}' is no record: line {line}: {e.Message}"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidRequestException($"The record '{path}' cannot be read: {e.Message}");
        }
    }

    public HttpMessageHandler Player() => new PlayingHandler(this);

    // The one of those that match which was played least: calls that were tried again come one after the other.
    private RecordedExchange Next(byte[] request)
    {
        var asked = Conversation(request);
        lock (_playing)
        {
            List<int> same = [.. Enumerable.Range(0, _exchanges.Count).Where(i => _conversations[i].SequenceEqual(asked))];
            if (same.Count == 0)
                throw new ModelException(FailureKind.BadRequest, Difference(asked));
            var at = same.MinBy(i => _played[i]);
            _played[at]++;
            return _exchanges[at];
        }
    }

    private string Difference(IReadOnlyList<string> asked)
    {
        var (nearest, same) = _conversations.Select(c => (c, Same: c.Zip(asked).TakeWhile(static p => p.First == p.Second).Count())).MaxBy(static c => c.Same);
        var number = same + 1;
        return string.Create(CultureInfo.InvariantCulture, $"The record {_path} has no request like this one: message {number} of {asked.Count} ")
            + (same >= asked.Count ? $"is the last, and the record goes on with: {Head(nearest[same])}"
                : same >= nearest.Count ? $"has none in the record: {Head(asked[same])}"
                : $"is {Head(asked[same])}, and in the record {Head(nearest[same])}")
            + ". Play it from its first prompt, where the files are as they were then.";
    }

    private static string Head(string message) => message.Length <= 200 ? message : message[..200] + "…";

    // The messages of any of the four formats, without the instructions.
    private static IReadOnlyList<string> Conversation(byte[] request)
    {
        using var body = JsonDocument.Parse(request);
        return body.RootElement.TryGetProperty("messages", out var messages) || body.RootElement.TryGetProperty("input", out messages)
            ? [.. messages.EnumerateArray().Where(static m => WireJson.Text(m, "role") is not ("system" or "developer")).Select(static m => m.GetRawText())]
            : [];
    }

    private sealed class PlayingHandler(ModelRecord record) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var said = record.Next(request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken));
            if (said.Status == 0)
                throw new HttpRequestException(said.Broken);

            var response = new HttpResponseMessage((HttpStatusCode)said.Status)
            {
                RequestMessage = request,
                Content = new StreamContent(new PlayedStream(said.Body.ToArray(), said.Cuts, said.Broken)),
            };
            foreach (var (name, value) in said.Headers)
            {
                if (!response.Headers.TryAddWithoutValidation(name, value))
                    response.Content.Headers.TryAddWithoutValidation(name, value);
            }

            return response;
        }
    }

    private sealed class PlayedStream(byte[] bytes, IReadOnlyList<int> cuts, string? broken) : ReadingStream
    {
        private int _at;
        private int _piece;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            while (_piece < cuts.Count && cuts[_piece] <= _at)
                _piece++;
            var end = _piece < cuts.Count ? Math.Min(cuts[_piece], bytes.Length) : bytes.Length;
            if (_at >= bytes.Length)
                return broken is null ? ValueTask.FromResult(0) : ValueTask.FromException<int>(new IOException(broken));

            var count = Math.Min(end - _at, buffer.Length);
            bytes.AsMemory(_at, count).CopyTo(buffer);
            _at += count;
            return ValueTask.FromResult(count);
        }
    }
}
