using Skein.Core.Events;
using Skein.Core.Protocol;

namespace Skein.Core.Running;

/// <summary>What becomes of an answer to a question. On the runner's mailbox only.</summary>
internal static class Answering
{
    /// <returns>The question.</returns>
    /// <exception cref="NotInSessionException">There is no such question, or it has been answered.</exception>
    public static async Task<PermissionAsked> AnswerAsync(SessionRunner runner, PermissionId permission, PermissionReply reply, Cause by)
    {
        var question = runner.Session.Questions.FirstOrDefault(q => q.Permission == permission)
            ?? throw new NotInSessionException(runner.Session.Id, $"open question {permission}");
        await runner.AnswerAsync(new PermissionAnswered(permission, reply.Answer, reply.Message), by);
        return question;
    }
}
