using System.Text;
using System.Text.Json;
using Skein.Core;

namespace Skein.Agent.Providers.Records;

/// <summary>
/// Writes what is said to providers and by them to a file: a call a line, for the user alone. Keys and headers that could hold one are left
/// out. Safe for use by many threads.
/// </summary>
public sealed class ModelRecorder : IDisposable
{
    // What says nothing of the user, and may matter to how an answer is understood.
    private static readonly string[] s_headers = ["content-type", "retry-after", "retry-after-ms", "x-should-retry"];

    private readonly Lock _writing = new();
    private readonly FileStream _file;

    /// <exception cref="InvalidRequestException">The file cannot be made, or is there already.</exception>
    public ModelRecorder(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.Read };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            _file = new FileStream(path, options);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidRequestException($"The record '{path}' cannot be made: {e.Message}");
        }
    }

    public void Dispose()
    {
        lock (_writing)
            _file.Dispose();
    }

    internal HttpMessageHandler Around(HttpMessageHandler inner, Provider provider, string model, Func<string?> key) => new RecordingHandler(this, provider, model, key) { InnerHandler = inner };

    private void Write(RecordedExchange exchange, string? key)
    {
        var line = JsonSerializer.Serialize(exchange, RecordJson.Readable.RecordedExchange);

        // Providers repeat a wrong key in what they answer.
        if (!string.IsNullOrEmpty(key))
            line = line.Replace(key, new string('*', key.Length), StringComparison.Ordinal);
        lock (_writing)
        {
            // A call that ends when all is closed has nowhere to be written to.
            if (!_file.CanWrite)
                return;
            _file.Write(Encoding.UTF8.GetBytes(line + "\n"));
            _file.Flush();
        }
    }

    private sealed class RecordingHandler(ModelRecorder recorder, Provider provider, string model, Func<string?> key) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var sent = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
            var said = new RecordedExchange(
                $"{provider.Name}/{model}", provider.Kind, provider.Api, request.RequestUri!.GetLeftPart(UriPartial.Path), RecordedBytes.Of(sent), 0,
                new Dictionary<string, string>(), new RecordedBytes(""), []);
            try
            {
                var response = await base.SendAsync(request, cancellationToken);
                var headers = response.Headers.Concat(response.Content.Headers).Where(static h => s_headers.Contains(h.Key, StringComparer.OrdinalIgnoreCase));
                said = said with { Status = (int)response.StatusCode, Headers = headers.ToDictionary(static h => h.Key.ToLowerInvariant(), static h => string.Join(',', h.Value)) };
                var body = await response.Content.ReadAsStreamAsync(cancellationToken);
                var content = new StreamContent(new RecordingStream(body, (bytes, cuts, broken) =>
                    recorder.Write(said with { Body = RecordedBytes.Of(bytes), Cuts = cuts, Broken = broken }, key())));
                foreach (var (name, values) in response.Content.Headers)
                    content.Headers.TryAddWithoutValidation(name, values);
                response.Content = content;
                return response;
            }
            catch (HttpRequestException e)
            {
                recorder.Write(said with { Broken = e.Message }, key());
                throw;
            }
        }
    }

    /// <summary>Passes an answer on, and tells all of it when it is over.</summary>
    private sealed class RecordingStream(Stream inner, Action<byte[], IReadOnlyList<int>, string?> ended) : ReadingStream
    {
        private readonly MemoryStream _read = new();
        private readonly List<int> _cuts = [];
        private bool _isOver;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                var count = await inner.ReadAsync(buffer, cancellationToken);
                if (count == 0 && buffer.Length > 0)
                    End(null);
                _read.Write(buffer.Span[..count]);
                if (count > 0)
                    _cuts.Add((int)_read.Length);
                return count;
            }
            catch (Exception e) when (e is IOException or HttpRequestException)
            {
                End(e.Message);
                throw;
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                // The readers of streams stop at the word that ends them, and do not wait for the connection's end.
                End(null);
                inner.Dispose();
            }

            base.Dispose(disposing);
        }

        private void End(string? broken)
        {
            if (!_isOver)
                ended(_read.ToArray(), _cuts, broken);
            _isOver = true;
        }
    }
}
