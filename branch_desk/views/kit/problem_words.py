"""The sentence of every refusal, by its class; `{fact}` is filled from what it carries."""

from functools import cache

from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate


@cache
def problem_words() -> dict[str, str]:
    """Return the sentences, in the language of the window.

    A refusal that says different things for different reasons stands as «Class.reason», too.
    """
    return {
        "InvalidValue": translate("Problem", "Revise este dato: {reason}."),
        "InvalidCharacter": translate(
            "Problem", "El carácter {position} de este dato no se acepta: {reason}. Corríjalo."
        ),
        "NotFound": translate(
            "Problem", "No se encontró lo que buscaba ({kind}). Revise el dato y busque otra vez."
        ),
        "NotFound.not_moved": translate(
            "Problem",
            "Esta operación no movió dinero y no tiene comprobante. "
            "Si espera otra firma, búsquelo cuando todos hayan firmado.",
        ),
        "NotAllowed": translate("Problem", "Su rol no permite hacer esto. Pídalo a su supervisor."),
        "SessionEnded": translate("Problem", "Su sesión terminó. Ingrese otra vez."),
        "SessionEnded.newer_session": translate(
            "Problem",
            "Su sesión terminó porque se ingresó con su usuario en otro puesto. Si no fue usted, "
            "avise ahora al administrador.",
        ),
        "SessionEnded.too_long": translate(
            "Problem", "Pasaron ocho horas desde que ingresó. Ingrese otra vez."
        ),
        "SessionEnded.disabled": translate(
            "Problem", "Su usuario fue bloqueado o desactivado. Acuda al administrador."
        ),
        # Those of a member
        "SessionEnded.expired": translate(
            "Problem",
            "Su sesión en línea llegó a su tiempo máximo. Ingrese otra vez con contraseña y PIN.",
        ),
        "SessionEnded.newer": translate(
            "Problem",
            "Su sesión en línea terminó porque se ingresó otra vez con su usuario. "
            "Si no fue usted, avise ahora a la cooperativa.",
        ),
        "SessionEnded.not_active": translate(
            "Problem", "Su usuario está bloqueado o suspendido. Acuda a una agencia con su cédula."
        ),
        "SessionEnded.locked": translate(
            "Problem",
            "Su sesión en línea terminó porque su usuario estuvo bloqueado. Ingrese otra vez.",
        ),
        "SessionEnded.suspended": translate(
            "Problem",
            "Su sesión en línea terminó porque su usuario fue suspendido. "
            "Acuda a una agencia con su cédula.",
        ),
        "SessionEnded.closed": translate(
            "Problem",
            "Su sesión en línea terminó porque su usuario fue cerrado. "
            "Acuda a una agencia con su cédula.",
        ),
        "SessionEnded.password_changed": translate(
            "Problem",
            "Su sesión en línea terminó porque se cambió su contraseña. Ingrese con la nueva. "
            "Si no la cambió usted, avise ahora a la cooperativa.",
        ),
        "SessionEnded.pin_changed": translate(
            "Problem",
            "Su sesión en línea terminó porque se cambió su PIN. Ingrese con el nuevo. "
            "Si no lo cambió usted, avise ahora a la cooperativa.",
        ),
        "SessionEnded.password_reset": translate(
            "Problem",
            "El administrador le dio una contraseña de un solo uso. Ingrese con ella.",
        ),
        "SessionEnded.authenticator_reset": translate(
            "Problem",
            "El administrador quitó su autenticador. Ingrese otra vez y registre uno nuevo.",
        ),
        "SessionLocked": translate(
            "Problem", "El puesto está bloqueado. Escriba su contraseña para continuar."
        ),
        "FreshSignInNeeded": translate(
            "Problem", "Este paso pide que se identifique de nuevo. Escriba su contraseña."
        ),
        "ChangedMeanwhile": translate(
            "Problem",
            "Otra persona cambió estos datos mientras usted los veía. "
            "Revise lo nuevo y repita su cambio.",
        ),
        "HeldByAnother": translate(
            "Problem",
            "{holder} tiene abierta esta solicitud hasta {until}. Espere o pídale que la suelte.",
        ),
        "WrongState": translate(
            "Problem",
            "Está en estado «{current}» y desde ahí no puede pasar a «{target}». "
            "Actualice la lista y siga el paso que corresponde.",
        ),
        "SignInFailed": translate(
            "Problem",
            "No se pudo ingresar. Revise usuario, contraseña y código; "
            "si no recuerda, acuda al administrador.",
        ),
        "NewPasswordNeeded": translate(
            "Problem", "Antes de continuar, cambie la contraseña de un solo uso por la suya."
        ),
        "WeakPassword": translate("Problem", "La contraseña no sirve: {problems}. Elija otra."),
        "Duplicate": translate(
            "Problem", "Ya existe otro registro con ese dato ({kind}: {value})."
        ),
        "SelfDealing": translate(
            "Problem",
            "No puede atenderse a sí mismo ni a un familiar declarado. "
            "Pida que lo atienda otro oficial.",
        ),
        "FourEyes": translate(
            "Problem",
            "Quien intervino en esta solicitud no puede decidir sobre ella. "
            "Debe autorizarla otro supervisor.",
        ),
        "FourEyes.same_person": translate(
            "Problem",
            "Quien atiende no puede ser también quien autoriza. "
            "Debe autorizar otra persona, con su propio usuario.",
        ),
        "ReasonMissing": translate(
            "Problem", "Falta el motivo. Escríbalo con al menos diez letras."
        ),
        "CheckListIncomplete": translate(
            "Problem", "Falta verificar: {missing}. Marque cada punto después de comprobarlo."
        ),
        "DifferencesUnexplained": translate(
            "Problem", "Hay diferencias sin explicar en: {fields}. Escriba el motivo de cada una."
        ),
        "CardExpired": translate(
            "Problem",
            "La cédula venció el {expired_on}. Pida la renovada o solicite la excepción "
            "a su supervisor (F6).",
        ),
        "NoMember": translate(
            "Problem",
            "Ningún socio tiene el documento {document}. Revise número y complemento.",
        ),
        "NotTheHolder": translate(
            "Problem", "La cuenta {account} no es de este socio. Quítela o elija otra."
        ),
        "AccountUnfit": translate("Problem", "La cuenta {account} no se puede usar así: {reason}."),
        "NotGranted": translate(
            "Problem",
            "No está entre lo habilitado para este usuario ({kind}). "
            "Elija otra opción o habilítela en la agencia.",
        ),
        "LimitExceeded": translate(
            "Problem", "Supera el monto máximo {part}: {limit}. Quedan disponibles {left}."
        ),
        "NotEnoughFunds": translate(
            "Problem", "La cuenta no tiene saldo suficiente. Disponible: {available}."
        ),
        "CurrencyDiffers": translate(
            "Problem", "La operación es en {currency} y la cuenta en {wanted}. Elija otra cuenta."
        ),
        "NotWhatWasShown": translate(
            "Problem",
            "Los datos no son los que se mostraron para confirmar. Revíselos y confirme de nuevo.",
        ),
        "KeyUsed": translate(
            "Problem", "Esta operación ya se envió con otros datos. Prepárela de nuevo."
        ),
        "PromiseChanged": translate(
            "Problem",
            "Pasó la hora de corte: ahora se abonaría el {day}. Revise y confirme de nuevo.",
        ),
        "NothingDue": translate("Problem", "No hay nada por pagar ese día ({kind})."),
        "NotASigner": translate("Problem", "Esta operación no espera la firma de este usuario."),
        "TooMany": translate("Problem", "Ya se hicieron {most} consultas hoy. Pruebe mañana."),
        "AboveCeiling": translate(
            "Problem",
            "El monto máximo pasa el tope de la cooperativa, {ceiling}. Escriba uno menor o igual.",
        ),
        "LimitsInconsistent": translate(
            "Problem",
            "Los montos no concuerdan: por operación no puede pasar del día, "
            "ni el día del mes. Corríjalos.",
        ),
        "NothingChosen": translate("Problem", "Falta elegir {kind}. Marque al menos uno."),
        "PowerExpired": translate(
            "Problem", "El poder de {name} venció el {expired_on}. Pida el poder vigente."
        ),
        "SheetsDiffer": translate(
            "Problem",
            "El archivo mezcla hojas de varios formularios ({folios}). "
            "Digitalice cada formulario por separado.",
        ),
        "MissingGlyph": translate(
            "Problem", "El carácter {character} no se puede imprimir. Cámbielo en los datos."
        ),
        "StaleForm": translate(
            "Problem",
            "El formulario {folio} es de la versión {revision} y la solicitud va en la {current}. "
            "Imprima y haga firmar el nuevo.",
        ),
        "ForeignForm": translate(
            "Problem", "Esta hoja es del formulario {folio}, de otra solicitud. Busque la correcta."
        ),
        "FormUnreadable": translate(
            "Problem",
            "No se pudo leer el código de la hoja. Escanéela otra vez, completa y sin dobleces.",
        ),
        "NothingScanned": translate(
            "Problem", "El escáner no dejó ninguna imagen en su carpeta. Escanee y tómela otra vez."
        ),
        "NotSaved": translate(
            "Problem", "No se pudo guardar ahí. Elija otra carpeta o revise el espacio libre."
        ),
        "UnreadableFile": translate("Problem", "El archivo no sirve: {reason}. Elija otro."),
        "ColumnsMissing": translate(
            "Problem", "Al archivo le faltan columnas o las tiene dos veces: {columns}. Corríjalo."
        ),
        "NotWhatWasSigned": translate(
            "Problem",
            "Lo que va a autorizar no es lo que el socio firmó. "
            "Devuelva la solicitud para imprimir y firmar de nuevo.",
        ),
        "AlreadyDone": translate("Problem", "Esto ya estaba hecho: {what}. Actualice la pantalla."),
        "AlreadyEnrolled": translate(
            "Problem",
            "El socio ya tiene usuario o una solicitud abierta ({what}). Continúe con ella.",
        ),
        "SupervisorNeeded": translate(
            "Problem",
            "Esto necesita la autorización de un supervisor que no sea quien atiende: {reason}. "
            "Pida que venga al puesto.",
        ),
        "CodeRefused": translate("Problem", "El código no sirvió: {diagnosis}."),
        "NotLocked": translate(
            "Problem", "Este usuario no está bloqueado. Si no puede ingresar, revise su contraseña."
        ),
        "UnlockFirst": translate(
            "Problem",
            "El usuario está bloqueado. Desbloquéelo primero y repita después este paso.",
        ),
        "LinkInvalid": translate(
            "Problem", "El enlace ya no sirve. Solicite uno nuevo en la cooperativa."
        ),
        "CredentialRefused": translate(
            "Problem", "La clave inicial no fue aceptada. Revísela o pida que emitan otra."
        ),
        "LockedOut": translate(
            "Problem", "El usuario está bloqueado. Acuda a una agencia con su cédula."
        ),
        "StepMissing": translate("Problem", "Antes debe completar este paso: {step}."),
        "PaymentsDiffer": translate(
            "Problem",
            "Los pagos a {biller} del {day} en {currency} no cuadran con el libro mayor. "
            "No se entregó nada. Avise a sistemas.",
        ),
        "AmountDiffers": translate(
            "Problem", "El monto no es el que corresponde: debe ser exactamente {wanted}."
        ),
        "InstalmentsUnfit": translate(
            "Problem", "Esas cuotas no se pueden pagar así: {reason}. Elija otra vez."
        ),
        "BillUnpayable": translate(
            "Problem", "La factura no se puede pagar: {reason}. Actualice la lista."
        ),
        "BelowMinimum": translate(
            "Problem", "La recarga mínima es {minimum}. Escriba un monto igual o mayor."
        ),
        "TotalsDiffer": translate(
            "Problem",
            "El lote interbancario del {day} en {currency} no cuadra con el libro mayor. "
            "No se formó ni se envió nada. Avise a sistemas.",
        ),
        "KeysUnusable": translate(
            "Problem", "La llave de cifrado no se puede usar: {reason}. Avise a sistemas."
        ),
        "SealBroken": translate(
            "Problem",
            "Un dato cifrado no se puede abrir: fue alterado o es de otra llave. "
            "No continúe con este socio y avise a sistemas.",
        ),
        "WrongSchema": translate(
            "Problem",
            "El programa y la base de datos no son de la misma versión: {reason}. "
            "Avise a sistemas.",
        ),
        "UnsafeServer": translate(
            "Problem",
            "El servidor de datos podría perder lo guardado ({setting} = {value}). "
            "Avise a sistemas.",
        ),
        "OutcomeUnknown": translate(
            "Problem",
            "Se cortó la conexión al guardar. "
            "Actualice y compruebe si quedó hecho antes de repetir.",
        ),
        "BackupFailed": translate(
            "Problem",
            "La copia de seguridad no se pudo hacer ni restaurar ({file}). Avise a soporte.",
        ),
        "BackupDamaged": translate(
            "Problem", "La copia {file} está dañada o alterada. Restaure otra copia."
        ),
        "RightsNotGranted": translate(
            "Problem",
            "Este usuario de la base de datos no puede dar permisos a {program}. Avise a sistemas.",
        ),
        "DatabaseInUse": translate(
            "Problem", "La base de datos ya tiene datos. Restaure la copia en una base vacía."
        ),
        "DatabaseUnreachable": translate(
            "Problem", "La base de datos no responde. Espere un momento e intente otra vez."
        ),
    }
