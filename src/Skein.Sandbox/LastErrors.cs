using System.Text;

namespace Skein.Sandbox;

/// <summary>Reads what a child writes to its standard error, which a full pipe would stop, and keeps the end of it. Safe for use by many threads.</summary>
public sealed class LastErrors
{
    private const int Most = 2000;

    private volatile string _text = "";

    public LastErrors(ChildProcess child) => Reading = ReadAsync(child.Errors);

    /// <summary>Completes when the child writes no more.</summary>
    public Task Reading { get; }

    public string Text => _text.Trim();

    private async Task ReadAsync(Stream errors)
    {
        var buffer = new byte[4096];
        try
        {
            int read;
            while ((read = await errors.ReadAsync(buffer)) > 0)
            {
                var all = _text + Encoding.UTF8.GetString(buffer, 0, read);
                _text = all.Length > Most ? all[^Most..] : all;
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // It ended.
        }
    }
}
