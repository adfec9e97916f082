using System.Text.Json;
using Skein.Adapters.Driving;
using Skein.Core;

namespace Skein.Adapters.Archives;

/// <summary>Codex's <c>sessions/Y/M/D/rollout-&lt;time&gt;-&lt;id&gt;.jsonl</c>. A fork's file has only what came after; what came before is in its origin's.</summary>
/// <param name="home">Its folder, usually <c>~/.codex</c>.</param>
public sealed class CodexArchive(string home, IdSource ids) : IAgentArchive
{
    private const int IdLength = 36;
    private const int MostForks = 100;

    /// <summary>Lines within which a session says where it is and how it begins.</summary>
    private const int HeadLines = 60;

    private IEnumerable<string> Files =>
        SessionFiles.Below(Path.Combine(home, "sessions"), "rollout-*.jsonl").Concat(SessionFiles.Below(Path.Combine(home, "archived_sessions"), "rollout-*.jsonl"));

    public Task<IReadOnlyList<FoundSession>> ListAsync(string folder, CancellationToken cancellationToken)
    {
        var found = new List<FoundSession>();
        foreach (var file in Files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Glance(file) is { } session)
                found.Add(session);
        }

        return Task.FromResult<IReadOnlyList<FoundSession>>(found);
    }

    public Task<FoundTranscript> ReadAsync(FoundSession found, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        var rollout = new CodexRollout(ids);
        Play(found.Place, null, MostForks, rollout, problems, cancellationToken);
        return Task.FromResult(new FoundTranscript(rollout.Model, rollout.Build(), problems));
    }

    private void Play(string path, long? bytes, int forks, CodexRollout rollout, List<string> problems, CancellationToken cancellationToken)
    {
        var file = new TranscriptFile(path, problems);
        foreach (var (line, record) in file.Read(bytes))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (record.Text("type") == "session_meta" && record.Find("payload", "history_base") is { } origin)
            {
                if (forks > 0 && origin.Text("thread_id") is { } id && Files.FirstOrDefault(f => IdOf(f) == id) is { } before)
                    Play(before, origin.Number("end_byte_offset"), forks - 1, rollout, problems, cancellationToken);
                else
                    file.Complain(line, $"the session was forked from {origin.Text("thread_id")}, whose file is not there: what was said before is missing");
            }
            else if (!rollout.Hear(record))
                file.Complain(line, "answers a call that is not there");
        }
    }

    private static FoundSession? Glance(string file)
    {
        JsonElement? about = null;
        string? title = null;
        foreach (var (_, record) in new TranscriptFile(file, []).Read().Take(HeadLines))
        {
            if (record.Text("type") == "session_meta")
                about ??= record.Find("payload");
            title ??= CodexRollout.PromptOf(record);
        }

        // Those of its sub-agents are no conversations of their own.
        return about is not { } meta || meta.Find("source") is { ValueKind: JsonValueKind.Object } || title is null ? null
            : new FoundSession(meta.Text("id") ?? IdOf(file), meta.Text("cwd"), SessionFiles.TitleOf(title), File.GetLastWriteTimeUtc(file), file);
    }

    private static string IdOf(string file) => Path.GetFileNameWithoutExtension(file) is var name && name.Length > IdLength ? name[^IdLength..] : name;
}
